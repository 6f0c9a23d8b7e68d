//! Recognition of rules in an expression.

use super::{
    super::{ColumnType, sql::Dialect},
    Bound, ColumnRule, LikeCase, Literal, Rule, Rules, Subject,
    expression::{Expression, Operator, TypeName},
    literal::{elements, is_text, literal, literals},
};

/// The rules of a check: those of each part that must hold.
pub(super) fn rules(expression: &Expression, dialect: Dialect, subjects: &[Subject<'_>]) -> Rules {
    let recognition = Recognition { dialect, subjects };
    let mut parts = Vec::new();
    conjuncts(expression, &mut parts);
    let found: Vec<_> = parts.iter().map(|part| recognition.rule(part)).collect();
    let complete = found.iter().all(Option::is_some);
    let rules = found.into_iter().flatten().fold(Vec::new(), |mut rules, (column, rule)| {
        let of_column = |other: &&mut ColumnRule| other.column == column;
        let merged = rules.iter_mut().filter(of_column).any(|other| narrow(&mut other.rule, &rule));
        if !merged {
            rules.push(ColumnRule { column: column.to_owned(), rule });
        }
        rules
    });
    Rules { rules, complete }
}

/// The parts of nested conjunctions.
fn conjuncts<'e>(expression: &'e Expression, parts: &mut Vec<&'e Expression>) {
    match expression {
        Expression::All(list) => list.iter().for_each(|part| conjuncts(part, parts)),
        part => parts.push(part),
    }
}

/// Adds a second bound to a rule with one; false if both must stay.
fn narrow(rule: &mut Rule, other: &Rule) -> bool {
    match (rule, other) {
        (Rule::Length { max: max @ None, .. }, Rule::Length { min: 0, max: Some(other) }) => {
            *max = Some(*other)
        }
        (Rule::Length { min: min @ 0, .. }, Rule::Length { min: other, max: None }) => *min = *other,
        (Rule::Range { max: max @ None, .. }, Rule::Range { min: None, max: other }) => *max = other.clone(),
        (Rule::Range { min: min @ None, .. }, Rule::Range { min: other, max: None }) => *min = other.clone(),
        _ => return false,
    }
    true
}

struct Recognition<'a> {
    dialect: Dialect,
    subjects: &'a [Subject<'a>],
}

type Found<'a> = (&'a str, Rule);

impl<'a> Recognition<'a> {
    /// The rule of an expression about a single column.
    fn rule(&self, expression: &Expression) -> Option<Found<'a>> {
        match expression {
            Expression::Not(inner) => {
                let (column, rule) = self.rule(inner)?;
                Some((column, opposite(rule)))
            }
            Expression::All(_) => self.all(expression),
            Expression::Any(list) => self.any(list),
            Expression::Compare { left, operator, right } => self.compare(left, *operator, right),
            Expression::CompareArray { left, operator, all, array } => {
                self.compare_array(left, *operator, *all, array)
            }
            Expression::In { value, list } => {
                let subject = self.comparable(value)?;
                Some((subject.name, Rule::OneOf(literals(list, subject, self.dialect)?)))
            }
            Expression::Between { value, low, high } => self.between(value, low, high),
            Expression::Like { value, pattern, escape, ignore_case } => {
                self.like(value, pattern, escape.as_deref(), *ignore_case)
            }
            Expression::IsNull(value) => Some((self.column(value)?.name, Rule::Null)),
            _ => None,
        }
    }

    fn all(&self, expression: &Expression) -> Option<Found<'a>> {
        let Rules { mut rules, complete: true } = rules(expression, self.dialect, self.subjects) else {
            return None;
        };
        let column = self.same_column(rules.iter().map(|rule| &*rule.column))?;
        Some(match rules.len() {
            1 => (column, rules.pop()?.rule),
            _ => (column, Rule::All(rules.into_iter().map(|rule| rule.rule).collect())),
        })
    }

    /// Equal values of several alternatives become one list.
    fn any(&self, list: &[Expression]) -> Option<Found<'a>> {
        let found: Vec<Found<'a>> = list.iter().map(|part| self.rule(part)).collect::<Option<_>>()?;
        let column = self.same_column(found.iter().map(|(column, _)| *column))?;
        let (mut values, mut rules) = (Vec::new(), Vec::new());
        for (_, rule) in found {
            match rule {
                Rule::OneOf(more) => values.extend(more),
                Rule::Any(more) => rules.extend(more),
                rule => rules.push(rule),
            }
        }
        if !values.is_empty() {
            rules.insert(0, Rule::OneOf(values));
        }
        match rules.len() {
            1 => Some((column, rules.pop()?)),
            _ => Some((column, Rule::Any(rules))),
        }
    }

    /// The column, if all names are the same.
    fn same_column<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<&'a str> {
        let mut names = names.peekable();
        let first = *names.peek()?;
        let subject = self.subjects.iter().find(|subject| subject.name == first)?;
        names.all(|name| name == first).then_some(subject.name)
    }

    fn compare(&self, left: &Expression, operator: Operator, right: &Expression) -> Option<Found<'a>> {
        self.compare_with(left, operator, right)
            .or_else(|| self.compare_with(right, operator.mirrored()?, left))
    }

    fn compare_with(&self, left: &Expression, operator: Operator, right: &Expression) -> Option<Found<'a>> {
        if let Expression::Length(value) = left {
            return Some((self.text(value)?.name, length(operator, right)?));
        }
        match operator {
            Operator::Matches { ignore_case, negated } if self.dialect == Dialect::Postgres => {
                let subject = self.text(left)?;
                let pattern = self.pattern(right, subject)?;
                Some((subject.name, negated_if(Rule::Matches { pattern, ignore_case }, negated)))
            }
            Operator::Like { ignore_case, negated } if self.dialect == Dialect::Postgres => {
                let (column, rule) = self.like(left, right, None, ignore_case)?;
                Some((column, negated_if(rule, negated)))
            }
            Operator::Matches { .. } | Operator::Like { .. } => None,
            _ => {
                let subject = self.comparable(left)?;
                Some((subject.name, comparison(operator, literal(right, subject, self.dialect)?)?))
            }
        }
    }

    /// `= any` is `in`, and `<> all` is `not in`.
    fn compare_array(
        &self,
        left: &Expression,
        operator: Operator,
        all: bool,
        array: &Expression,
    ) -> Option<Found<'a>> {
        let subject = self.comparable(left)?;
        let values = Rule::OneOf(elements(array, subject, self.dialect)?);
        match (operator, all) {
            (Operator::Equal, false) => Some((subject.name, values)),
            (Operator::NotEqual, true) => Some((subject.name, opposite(values))),
            _ => None,
        }
    }

    fn between(&self, value: &Expression, low: &Expression, high: &Expression) -> Option<Found<'a>> {
        let (column, mut rule) = self.compare_with(value, Operator::GreaterOrEqual, low)?;
        let (_, upper) = self.compare_with(value, Operator::LessOrEqual, high)?;
        narrow(&mut rule, &upper).then_some((column, rule))
    }

    /// The default escape is a backslash on PostgreSQL, and there is none on SQLite.
    fn like(
        &self,
        value: &Expression,
        pattern: &Expression,
        escape: Option<&Expression>,
        ignore_case: bool,
    ) -> Option<Found<'a>> {
        let subject = self.text(value)?;
        let pattern = self.pattern(pattern, subject)?;
        let default = (self.dialect == Dialect::Postgres).then_some('\\');
        let escape = match escape {
            None => default,
            Some(Expression::Text(text)) => {
                let mut letters = text.chars();
                Some(letters.next().filter(|_| letters.next().is_none())?)
            }
            Some(_) => return None,
        };
        let case = match (self.dialect, ignore_case) {
            (Dialect::Sqlite, _) => LikeCase::AsciiInsensitive,
            (Dialect::Postgres, true) => LikeCase::Insensitive,
            (Dialect::Postgres, false) => LikeCase::Sensitive,
        };
        Some((subject.name, Rule::Like { pattern, escape, case }))
    }

    fn pattern(&self, value: &Expression, subject: &Subject<'_>) -> Option<String> {
        match literal(value, subject, self.dialect)? {
            Literal::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A column of text. On SQLite, its length and patterns do not depend on its collation.
    fn text(&self, value: &Expression) -> Option<&'a Subject<'a>> {
        let subject = self.column(value)?;
        let is_text = matches!(subject.column_type.base(), ColumnType::Text { .. });
        let exact = subject.exact_text || self.dialect == Dialect::Sqlite;
        (is_text && exact).then_some(subject)
    }

    /// A column whose values are equal to constants only if they look like them.
    fn comparable(&self, value: &Expression) -> Option<&'a Subject<'a>> {
        let subject = self.column(value)?;
        match subject.column_type.base() {
            ColumnType::Text { .. } => subject.exact_text.then_some(subject),
            _ => Some(subject),
        }
    }

    /// A column, or a cast of one that does not change its value.
    fn column(&self, value: &Expression) -> Option<&'a Subject<'a>> {
        match value {
            Expression::Name(name) => self.subjects.iter().find(|subject| match self.dialect {
                Dialect::Sqlite => subject.name.eq_ignore_ascii_case(name),
                Dialect::Postgres => subject.name == name,
            }),
            Expression::Cast { value, to } => {
                let subject = self.column(value)?;
                keeps_value(subject.column_type.base(), to).then_some(subject)
            }
            _ => None,
        }
    }
}

fn keeps_value(column_type: &ColumnType, to: &TypeName) -> bool {
    if to.modified || to.array {
        return false;
    }
    match column_type {
        ColumnType::Text { .. } => is_text(&to.name),
        ColumnType::Integer(_) | ColumnType::BigInt => {
            matches!(&*to.name, "smallint" | "integer" | "bigint" | "numeric")
        }
        ColumnType::Decimal { .. } => to.name == "numeric",
        ColumnType::Double => to.name == "double precision",
        _ => false,
    }
}

/// The rule of a comparison of a length.
fn length(operator: Operator, with: &Expression) -> Option<Rule> {
    let Expression::Number(digits) = with else { return None };
    let number: u64 = digits.parse().ok()?;
    let (min, max) = match operator {
        Operator::Equal => (number, Some(number)),
        Operator::NotEqual if number == 0 => (1, None),
        Operator::NotEqual => {
            return Some(opposite(Rule::Length { min: number, max: Some(number) }));
        }
        Operator::GreaterOrEqual => (number, None),
        Operator::Greater => (number.checked_add(1)?, None),
        Operator::LessOrEqual => (0, Some(number)),
        Operator::Less => (0, Some(number.checked_sub(1)?)),
        Operator::Matches { .. } | Operator::Like { .. } => return None,
    };
    Some(Rule::Length { min, max })
}

/// The rule of a comparison with a constant. Text and enumerations have an order of their own.
fn comparison(operator: Operator, value: Literal) -> Option<Rule> {
    let ordered = matches!(value, Literal::Number(_) | Literal::Time(_));
    let bound = |inclusive| Some(Bound { value: value.clone(), inclusive });
    Some(match operator {
        Operator::Equal => Rule::OneOf(vec![value]),
        Operator::NotEqual if value == Literal::Text(String::new()) => Rule::Length { min: 1, max: None },
        Operator::NotEqual => opposite(Rule::OneOf(vec![value])),
        _ if !ordered => return None,
        Operator::Less => Rule::Range { min: None, max: bound(false) },
        Operator::LessOrEqual => Rule::Range { min: None, max: bound(true) },
        Operator::Greater => Rule::Range { min: bound(false), max: None },
        Operator::GreaterOrEqual => Rule::Range { min: bound(true), max: None },
        Operator::Matches { .. } | Operator::Like { .. } => return None,
    })
}

fn opposite(rule: Rule) -> Rule {
    match rule {
        Rule::Not(inner) => *inner,
        rule => Rule::Not(Box::new(rule)),
    }
}

fn negated_if(rule: Rule, negated: bool) -> Rule {
    if negated { opposite(rule) } else { rule }
}
