//! Rules of random conditions, compared with SQLite's evaluation of the same text.

use proptest::{prelude::*, sample::select};
use rusqlite::Connection;

use super::*;

const TEXTS: [Option<&str>; 8] =
    [None, Some(""), Some("a"), Some("A"), Some("b"), Some("ab"), Some("abc"), Some("é%")];
const NUMBERS: [Option<i64>; 7] = [None, Some(-2), Some(0), Some(1), Some(2), Some(3), Some(9)];

/// Conditions of a text `name` and a number `age`. The last ones have no rule.
fn leaf() -> impl Strategy<Value = String> {
    let operator = || select(&["=", "==", "<>", "!=", "<", "<=", ">", ">="][..]);
    let number = || -3..5_i64;
    let text = || select(&["''", "'a'", "'ab'", "'é%'"][..]);
    let pattern = select(&["'a%'", "'_b'", "'%'", "''", "'!%' escape '!'", "'_!%' escape '!'"][..]);
    prop_oneof![
        (operator(), number()).prop_map(|(operator, n)| format!("length(name) {operator} {n}")),
        (number(), operator()).prop_map(|(n, operator)| format!("{n} {operator} length(name)")),
        (number(), number()).prop_map(|(low, high)| format!("length(name) between {low} and {high}")),
        (operator(), text()).prop_map(|(operator, text)| format!("name {operator} {text}")),
        (text(), text()).prop_map(|(one, other)| format!("name in ({one}, {other})")),
        (text(), text()).prop_map(|(one, other)| format!("name not in ({one}, {other})")),
        pattern.prop_map(|pattern| format!("name like {pattern}")),
        (operator(), number()).prop_map(|(operator, n)| format!("age {operator} {n}")),
        (number(), operator()).prop_map(|(n, operator)| format!("{n} {operator} age")),
        (number(), number()).prop_map(|(low, high)| format!("age between {low} and {high}")),
        (number(), number()).prop_map(|(low, high)| format!("age not between {low} and {high}")),
        (number(), number()).prop_map(|(one, other)| format!("age in ({one}, {other})")),
        select(&["name is null", "age is not null", "name isnull", "age notnull"][..]).prop_map(Into::into),
        select(&["age + 1 > 2", "abs(age) < 2", "name || 'a' = 'aa'", "age is 1", "age > length(name)"][..])
            .prop_map(Into::into),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one} and {other}")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one} or {other}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("not {inner}")),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Null,
    Text(&'a str),
    Number(i64),
}

/// Evaluates a rule; `None` is unknown.
fn holds(rule: &Rule, value: Value<'_>) -> Option<bool> {
    match (rule, value) {
        (Rule::Null, value) => Some(matches!(value, Value::Null)),
        (Rule::Not(rule), _) => holds(rule, value).map(|holds| !holds),
        (Rule::All(rules), _) => all(rules.iter().map(|rule| holds(rule, value))),
        (Rule::Any(rules), _) => {
            all(rules.iter().map(|rule| holds(rule, value).map(|holds| !holds))).map(|none| !none)
        }
        (_, Value::Null) => None,
        (Rule::Length { min, max }, Value::Text(text)) => {
            let length = text.chars().count() as u64;
            Some(*min <= length && max.is_none_or(|max| length <= max))
        }
        (Rule::OneOf(values), value) => Some(values.iter().any(|other| equals(other, value))),
        (Rule::Range { min, max }, Value::Number(number)) => Some(
            min.as_ref()
                .is_none_or(|min| number > as_number(min) || min.inclusive && number == as_number(min))
                && max
                    .as_ref()
                    .is_none_or(|max| number < as_number(max) || max.inclusive && number == as_number(max)),
        ),
        (Rule::Like { pattern, escape, .. }, Value::Text(text)) => {
            let [pattern, text] =
                [pattern, text].map(|text| text.to_ascii_lowercase().chars().collect::<Vec<_>>());
            Some(is_like(&text, &pattern, *escape))
        }
        (rule, _) => panic!("{rule:?} is of another type"),
    }
}

/// False if one is, else unknown if one is.
fn all(conditions: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let conditions: Vec<_> = conditions.collect();
    match conditions.contains(&Some(false)) {
        true => Some(false),
        false => conditions.iter().all(Option::is_some).then_some(true),
    }
}

fn equals(literal: &Literal, value: Value<'_>) -> bool {
    match (literal, value) {
        (Literal::Text(one), Value::Text(other)) => one == other,
        (Literal::Number(one), Value::Number(other)) => *one == other.to_string(),
        other => panic!("{:?} is of another type", other.0),
    }
}

fn as_number(bound: &Bound) -> i64 {
    match &bound.value {
        Literal::Number(digits) => digits.parse().expect("a whole number"),
        other => panic!("{other:?} is no number"),
    }
}

fn is_like(text: &[char], pattern: &[char], escape: Option<char>) -> bool {
    match pattern {
        [] => text.is_empty(),
        [mark, letter, rest @ ..] if Some(*mark) == escape => {
            text.first() == Some(letter) && is_like(&text[1..], rest, escape)
        }
        ['%', rest @ ..] => (0..=text.len()).any(|at| is_like(&text[at..], rest, escape)),
        ['_', rest @ ..] => !text.is_empty() && is_like(&text[1..], rest, escape),
        [letter, rest @ ..] => text.first() == Some(letter) && is_like(&text[1..], rest, escape),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn catalog_rules_agree_with_sqlite(sql in condition()) {
        let found = rules(&sql, Dialect::Sqlite);
        let connection = Connection::open_in_memory().expect("a database");
        let ask = format!("select ({sql}) from (select ?1 as name, ?2 as age)");
        let mut statement = connection.prepare(&ask).expect("a valid condition");
        for (name, age) in TEXTS.iter().flat_map(|name| NUMBERS.iter().map(move |age| (*name, *age))) {
            let passes = statement.query_one((name, age), |row| row.get::<_, Option<bool>>(0)).expect("a value");
            let value = |column: &str| match column {
                "name" => name.map_or(Value::Null, Value::Text),
                _ => age.map_or(Value::Null, Value::Number),
            };
            let by_rules = all(found.rules.iter().map(|rule| holds(&rule.rule, value(&rule.column))));
            if found.complete {
                prop_assert_eq!(by_rules, passes, "{:?} for {:?} and {:?}", found, name, age);
            } else if passes != Some(false) {
                prop_assert_ne!(by_rules, Some(false), "{:?} for {:?} and {:?}", found, name, age);
            }
        }
    }
}
