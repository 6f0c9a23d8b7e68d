//! Conditions of single columns, recognised in the text of check constraints.
//!
//! ```text
//! ((length(name) >= 2) AND (low < high)) ─▶ tokens ─▶ expression ─▶ rules: name has a length from 2
//!                                                                   not complete: low < high is left to the database
//! ```
//!
//! Recognised are, of one column with constants: the length and comparisons of it, `between`, `in` and `any` of a list,
//! `<> ''`, regular expressions of PostgreSQL, `like`, `is null`, and `and`, `or`, `not` of these. PostgreSQL prints a
//! check in its normal form, with many parentheses and casts; SQLite keeps the text of the definition.
//!
//! A rule is about the value as it is stored, and never stricter than its check. What has an effect on equality or order that the text does not show, such
//! as a collation without case, is not recognised.

mod expression;
mod literal;
mod parser;
mod recognition;
#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{ColumnType, sql::Dialect};

/// Longer texts are not recognised, which bounds the work.
const MAX_LENGTH: usize = 16 * 1024;

/// A condition that a check implies for one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnRule {
    /// The column, or [`Domain::VALUE`](super::Domain::VALUE).
    pub column: String,
    /// The condition.
    pub rule: Rule,
}

/// A condition of a value.
///
/// As in SQL, a condition of null is unknown, except [`Null`](Self::Null); `not`, `and` and `or` of unknown conditions
/// are too, where the known ones do not decide. A check is violated only if it is false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Rule {
    /// Text with a number of characters in this range.
    Length {
        /// The fewest characters.
        min: u64,
        /// The most characters.
        max: Option<u64>,
    },
    /// A number or a time in this range. At least one bound exists.
    Range {
        /// The lower bound.
        min: Option<Bound>,
        /// The upper bound.
        max: Option<Bound>,
    },
    /// One of these values. Numbers are compared by value, text by code points.
    OneOf(Vec<Literal>),
    /// Text that contains a match of a regular expression, in PostgreSQL's syntax.
    Matches {
        /// The regular expression.
        pattern: String,
        /// Whether case is ignored.
        ignore_case: bool,
    },
    /// Text that matches a pattern as a whole: `%` matches any text, `_` one character.
    Like {
        /// The pattern.
        pattern: String,
        /// The character before which `%`, `_` and itself are literal.
        escape: Option<char>,
        /// The treatment of case.
        case: LikeCase,
    },
    /// Null.
    Null,
    /// The opposite.
    Not(Box<Rule>),
    /// All of these.
    All(Vec<Rule>),
    /// At least one of these.
    Any(Vec<Rule>),
}

/// The treatment of case in [`Rule::Like`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum LikeCase {
    /// PostgreSQL's `like`.
    Sensitive,
    /// PostgreSQL's `ilike`.
    Insensitive,
    /// SQLite's `like`: the case of ASCII letters is ignored.
    AsciiInsensitive,
}

/// A bound of [`Rule::Range`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// The value: a number or a time.
    pub value: Literal,
    /// Whether the value itself is in the range.
    pub inclusive: bool,
}

/// A constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Literal {
    /// A decimal number as it is written: a sign, digits, and digits after a point.
    Number(String),
    /// Text, the name of an enumeration's value, or a UUID.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// A date or time of the column's type, as PostgreSQL prints it in the style ISO and in UTC.
    Time(String),
}

/// A column that a check may mention.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) column_type: &'a ColumnType,
    /// Whether texts are equal if and only if their code points are.
    pub(super) exact_text: bool,
}

/// The rules of a check.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) rules: Vec<ColumnRule>,
    /// Whether they are equivalent to the check.
    pub(super) complete: bool,
}

impl Rules {
    /// Recognises the rules of a condition in SQL. Any text is accepted.
    pub(super) fn of(sql: &str, dialect: Dialect, subjects: &[Subject<'_>]) -> Self {
        let none = Self { rules: Vec::new(), complete: false };
        if sql.len() > MAX_LENGTH {
            return none;
        }
        match parser::parse(sql, dialect) {
            Some(expression) => recognition::rules(&expression, dialect, subjects),
            None => none,
        }
    }
}
