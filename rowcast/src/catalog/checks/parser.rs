//! A parser of conditions, by recursive descent.
//!
//! What cannot contain a rule is skipped: arithmetic, functions, `case`, subqueries. A comparison is not followed by
//! another one, which the databases read differently. The depth is bounded, and loops make no deep trees.

mod values;

use super::{
    super::sql::{Dialect, Kind, Token, closing, tokens},
    expression::{Expression, Operator},
};

/// The most nested parentheses, negations and lists.
const MAX_DEPTH: usize = 64;
/// Parses a whole text.
pub(super) fn parse(sql: &str, dialect: Dialect) -> Option<Expression> {
    let tokens = tokens(sql, dialect);
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, dialect };
    let expression = parser.disjunction()?;
    parser.peek().is_none().then_some(expression)
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
    dialect: Dialect,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'a Token<'a>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn peek_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(word))
    }

    fn peek_symbol(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|token| token.is_symbol(symbol))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek_word(word);
        self.at += usize::from(found);
        found
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    /// Parses one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Skips to behind the parenthesis that closes the next one.
    fn skip_group(&mut self) -> Option<Expression> {
        self.at = closing(self.tokens, self.at)? + 1;
        Some(Expression::Opaque)
    }

    fn disjunction(&mut self) -> Option<Expression> {
        let mut list = vec![self.conjunction()?];
        while self.take_word("or") {
            list.push(self.conjunction()?);
        }
        one_or(list, Expression::Any)
    }

    fn conjunction(&mut self) -> Option<Expression> {
        let mut list = vec![self.negation()?];
        while self.take_word("and") {
            list.push(self.negation()?);
        }
        one_or(list, Expression::All)
    }

    fn negation(&mut self) -> Option<Expression> {
        match self.take_word("not") {
            true => Some(self.nested(Self::negation)?.negated_if(true)),
            false => self.comparison(),
        }
    }

    fn comparison(&mut self) -> Option<Expression> {
        let left = self.operand()?;
        let compared = match self.peek() {
            Some(token) if token.kind == Kind::Symbol && Operator::of(token.text).is_some() => {
                self.operator(left)?
            }
            Some(token) if token.kind == Kind::Word => match self.predicate(left)? {
                Ok(predicate) => predicate,
                Err(left) => return Some(left),
            },
            _ => return Some(left),
        };
        (!self.compares()).then_some(compared)
    }

    /// Whether a further comparison follows.
    fn compares(&self) -> bool {
        let words =
            ["is", "isnull", "notnull", "not", "in", "between", "like", "ilike", "glob", "match", "regexp"];
        self.peek().is_some_and(|token| {
            token.kind == Kind::Symbol && Operator::of(token.text).is_some()
                || words.iter().any(|word| token.is_word(word))
        })
    }

    fn operator(&mut self, left: Expression) -> Option<Expression> {
        let operator = Operator::of(self.next()?.text)?;
        let all = self.peek_word("all");
        let left = Box::new(left);
        if !all && !self.peek_word("any") && !self.peek_word("some") {
            return Some(Expression::Compare { left, operator, right: Box::new(self.operand()?) });
        }
        self.at += 1;
        let array = self.peek_symbol("(").then(|| self.primary())??;
        Some(Expression::CompareArray { left, operator, all, array: Box::new(array) })
    }

    /// A predicate that begins with a word. Without one, the operand is returned as an error.
    fn predicate(&mut self, left: Expression) -> Option<Result<Expression, Expression>> {
        if self.take_word("isnull") {
            return Some(Ok(is_null(left, false)));
        }
        if self.take_word("notnull") {
            return Some(Ok(is_null(left, true)));
        }
        if self.take_word("is") {
            return self.is(left).map(Ok);
        }
        let negated = self.take_word("not");
        if negated && self.take_word("null") {
            return Some(Ok(is_null(left, true)));
        }
        match self.membership(left)? {
            Ok(predicate) => Some(Ok(predicate.negated_if(negated))),
            Err(left) => (!negated).then_some(Err(left)),
        }
    }

    /// `is [not] null`; other forms are opaque.
    fn is(&mut self, left: Expression) -> Option<Expression> {
        let negated = self.take_word("not");
        if self.take_word("null") {
            return Some(is_null(left, negated));
        }
        if self.take_word("distinct") && !self.take_word("from") {
            return None;
        }
        self.operand()?;
        Some(Expression::Opaque)
    }

    /// `in`, `between` and `like`.
    fn membership(&mut self, left: Expression) -> Option<Result<Expression, Expression>> {
        if self.take_word("in") {
            return Some(Ok(Expression::In { value: Box::new(left), list: self.list("(", ")")? }));
        }
        if self.take_word("between") {
            let low = Box::new(self.operand()?);
            let high = self.take_word("and").then(|| self.operand())??;
            return Some(Ok(Expression::Between { value: Box::new(left), low, high: Box::new(high) }));
        }
        let ignore_case = self.peek_word("ilike");
        if ignore_case || self.peek_word("like") {
            self.at += 1;
            let pattern = Box::new(self.operand()?);
            let escape = match self.take_word("escape") {
                true => Some(Box::new(self.operand()?)),
                false => None,
            };
            return Some(Ok(Expression::Like { value: Box::new(left), pattern, escape, ignore_case }));
        }
        Some(Err(left))
    }
}

fn is_null(value: Expression, negated: bool) -> Expression {
    Expression::IsNull(Box::new(value)).negated_if(negated)
}

/// A list of one is its element.
fn one_or(mut list: Vec<Expression>, many: impl FnOnce(Vec<Expression>) -> Expression) -> Option<Expression> {
    match list.len() {
        1 => list.pop(),
        _ => Some(many(list)),
    }
}
