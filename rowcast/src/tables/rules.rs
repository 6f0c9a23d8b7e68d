//! Conditions of check constraints, evaluated before a write.

use std::cmp::Ordering;

use super::{
    decimal::{self, Decimal},
    decode::listed,
    value_type::{Temporal, ValueType},
};
use crate::catalog::checks::{Bound, LikeCase, Literal, Rule};

/// Whether a value satisfies a rule; none if only the database can decide. As in SQL, a condition of null is unknown.
pub(super) fn satisfies(rule: &Rule, of: &ValueType, value: Option<&str>) -> Option<bool> {
    match rule {
        Rule::Null => Some(value.is_none()),
        Rule::Not(rule) => satisfies(rule, of, value).map(|holds| !holds),
        Rule::All(rules) => {
            let all: Vec<_> = rules.iter().map(|rule| satisfies(rule, of, value)).collect();
            if all.contains(&Some(false)) {
                Some(false)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        }
        Rule::Any(rules) => {
            let all: Vec<_> = rules.iter().map(|rule| satisfies(rule, of, value)).collect();
            if all.contains(&Some(true)) {
                Some(true)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        Rule::Length { min, max } => {
            let length = value?.chars().count() as u64;
            Some(length >= *min && max.is_none_or(|max| length <= max))
        }
        Rule::Range { min, max } => {
            let above =
                min.as_ref().map_or(Some(true), |bound| within(of, value?, bound, Ordering::Greater))?;
            let below = max.as_ref().map_or(Some(true), |bound| within(of, value?, bound, Ordering::Less))?;
            Some(above && below)
        }
        Rule::OneOf(literals) => {
            let value = value?;
            let equal: Option<Vec<bool>> =
                literals.iter().map(|literal| equals(of, value, literal)).collect();
            equal.map(|equal| equal.contains(&true))
        }
        Rule::Like { pattern, escape, case } => {
            let (value, pattern) = match case {
                LikeCase::Sensitive => (value?.to_owned(), pattern.clone()),
                LikeCase::AsciiInsensitive => (value?.to_ascii_lowercase(), pattern.to_ascii_lowercase()),
                // The database's rules of case depend on its locale.
                LikeCase::Insensitive => return None,
            };
            let escape = escape.map(|escape| match case {
                LikeCase::AsciiInsensitive => escape.to_ascii_lowercase(),
                _ => escape,
            });
            Some(like(&value, &pattern, escape))
        }
        // PostgreSQL's regular expressions are its own.
        Rule::Matches { .. } => None,
    }
}

/// Whether the value is on the side of a bound.
fn within(of: &ValueType, value: &str, bound: &Bound, side: Ordering) -> Option<bool> {
    let order = compare(of, value, &bound.value)?;
    Some(order == side || bound.inclusive && order.is_eq())
}

fn equals(of: &ValueType, value: &str, literal: &Literal) -> Option<bool> {
    match literal {
        Literal::Text(text) => match of {
            ValueType::Text { .. } | ValueType::Uuid | ValueType::Enum(_) => Some(value == text),
            _ => None,
        },
        Literal::Boolean(truth) => Some(value == if *truth { "true" } else { "false" }),
        literal => compare(of, value, literal).map(Ordering::is_eq),
    }
}

/// Compares numbers by value, and dates and times without an offset by their text.
fn compare(of: &ValueType, value: &str, literal: &Literal) -> Option<Ordering> {
    match (of, literal) {
        (ValueType::Text { .. }, _) => None,
        (_, Literal::Number(number)) => {
            Some(decimal::compare(&Decimal::parse(value)?, &Decimal::parse(number)?))
        }
        (ValueType::Temporal(Temporal::Date | Temporal::Timestamp), Literal::Time(time)) => {
            let (value, time) = (comparable(value)?, comparable(time)?);
            Some(value.cmp(&time))
        }
        _ => None,
    }
}

/// `2026-01-31T14:30:05.5` → `2026-01-31 14:30:05.500000`, of years with four digits.
fn comparable(time: &str) -> Option<String> {
    let is_usual = time.len() >= 10 && time.as_bytes()[4] == b'-' && !time.ends_with("BC");
    let (date, clock) = time.split_once(['T', ' ']).unwrap_or((time, "00:00:00"));
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    (is_usual && clock != "24:00" && clock != "24:00:00")
        .then(|| format!("{date} {clock}{seconds}.{fraction:0<6}"))
}

/// Whether a text matches a pattern of SQL's `like`.
fn like(text: &str, pattern: &str, escape: Option<char>) -> bool {
    enum Part {
        Any,
        One,
        Letter(char),
    }
    let mut parts = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        parts.push(match letter {
            _ if Some(letter) == escape => match letters.next() {
                Some(next) => Part::Letter(next),
                // An escape without a letter matches nothing.
                None => return false,
            },
            '%' => Part::Any,
            '_' => Part::One,
            letter => Part::Letter(letter),
        });
    }
    // The last `%`, and where its match ends: a later one need not reconsider it.
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part, mut retry) = (0, 0, None);
    loop {
        match parts.get(part) {
            Some(Part::Any) => {
                part += 1;
                retry = Some((part, at));
                continue;
            }
            Some(Part::One) if at < text.len() => (at, part) = (at + 1, part + 1),
            Some(Part::Letter(letter)) if text.get(at) == Some(letter) => (at, part) = (at + 1, part + 1),
            None if at == text.len() => return true,
            _ => match retry {
                Some((after, from)) if from < text.len() => {
                    retry = Some((after, from + 1));
                    (at, part) = (from + 1, after);
                }
                _ => return false,
            },
        }
    }
}

/// What a value must be, in a sentence.
pub(super) fn sentence(rule: &Rule) -> String {
    match rule {
        Rule::Null => "must be null".into(),
        Rule::Not(rule) => match &**rule {
            Rule::Null => "is required".into(),
            Rule::OneOf(literals) => match &literals[..] {
                [Literal::Text(text)] if text.is_empty() => "must not be empty".into(),
                literals => format!("must be none of {}", listed(&texts(literals))),
            },
            rule => format!("must not be so: {}", sentence(rule)),
        },
        Rule::All(rules) => rules.iter().map(sentence).collect::<Vec<_>>().join(", and "),
        Rule::Any(rules) => rules.iter().map(sentence).collect::<Vec<_>>().join(", or "),
        Rule::Length { min, max } => match (min, max) {
            (min, Some(max)) if min == max => format!("must have {min} characters"),
            (0, Some(max)) => format!("must have at most {max} characters"),
            (min, Some(max)) => format!("must have {min} to {max} characters"),
            (1, None) => "must not be empty".into(),
            (min, None) => format!("must have at least {min} characters"),
        },
        Rule::Range { min, max } => {
            let bound = |bound: &Bound, inclusive: &str, exclusive: &str| {
                let word = if bound.inclusive { inclusive } else { exclusive };
                format!("{word} {}", text(&bound.value))
            };
            let min = min.as_ref().map(|min| bound(min, "at least", "above"));
            let max = max.as_ref().map(|max| bound(max, "at most", "below"));
            format!("must be {}", min.into_iter().chain(max).collect::<Vec<_>>().join(" and "))
        }
        Rule::OneOf(literals) => format!("must be one of {}", listed(&texts(literals))),
        Rule::Like { pattern, .. } => format!("must be like {pattern}"),
        Rule::Matches { pattern, .. } => format!("must match {pattern}"),
    }
}

fn texts(literals: &[Literal]) -> Vec<String> {
    literals.iter().map(text).collect()
}

fn text(literal: &Literal) -> String {
    match literal {
        Literal::Number(text) | Literal::Text(text) | Literal::Time(text) => text.clone(),
        Literal::Boolean(truth) => truth.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: ValueType = ValueType::Text { max_length: None };

    #[test]
    fn like_matches_as_in_sql() {
        for (text, pattern, expected) in [
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "a_c", true),
            ("abc", "a_", false),
            ("abc", "ab", false),
            ("", "%", true),
            ("", "_", false),
            ("aXbXc", "a%X%c", true),
            ("aab", "%ab", true),
            ("50%", "50!%", true),
            ("500", "50!%", false),
            ("a", "a!", false),
        ] {
            assert_eq!(like(text, pattern, Some('!')), expected, "{text} {pattern}");
        }
    }

    #[test]
    fn rule_of_null_is_unknown() {
        let range = Rule::Length { min: 2, max: None };
        assert_eq!(satisfies(&range, &TEXT, None), None);
        assert_eq!(satisfies(&Rule::Not(Box::new(range.clone())), &TEXT, None), None);
        assert_eq!(satisfies(&Rule::Any(vec![range.clone(), Rule::Null]), &TEXT, None), Some(true));
        assert_eq!(
            satisfies(&Rule::All(vec![range, Rule::Not(Box::new(Rule::Null))]), &TEXT, None),
            Some(false)
        );
    }

    #[test]
    fn numbers_are_compared_by_value_and_times_by_their_order() {
        let bound = |value| Some(Bound { value, inclusive: false });
        let positive = Rule::Range { min: bound(Literal::Number("0".into())), max: None };
        let decimal = ValueType::Decimal { precision: None, scale: None };
        assert_eq!(satisfies(&positive, &decimal, Some("0.00")), Some(false));
        assert_eq!(satisfies(&positive, &decimal, Some("0.0000000000000000000001")), Some(true));
        assert_eq!(satisfies(&positive, &decimal, Some("NaN")), None);
        let date = ValueType::Temporal(Temporal::Date);
        let later = Rule::Range { min: bound(Literal::Time("2026-01-01".into())), max: None };
        assert_eq!(satisfies(&later, &date, Some("2026-01-02")), Some(true));
        assert_eq!(satisfies(&later, &date, Some("2025-12-31")), Some(false));
        assert_eq!(satisfies(&later, &date, Some("infinity")), None);
        let one = Rule::OneOf(vec![Literal::Number("1".into()), Literal::Number("2.0".into())]);
        assert_eq!(satisfies(&one, &decimal, Some("2")), Some(true));
        assert_eq!(sentence(&one), "must be one of 1, 2.0");
    }
}
