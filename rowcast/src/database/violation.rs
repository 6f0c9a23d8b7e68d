//! From a constraint that refused to a sentence beside a field.
//!
//! ```text
//! what the database said ─▶ Violation ─▶ Rule: its columns, in the catalog ─▶ fields of the payload ─▶ Error::Invalid
//!                                                                          └─▶ no field: the database's own sentence
//! ```
//!
//! Constraints that the product knows have been checked before; what arrives here is another transaction's doing, or a
//! constraint of another program's making. Each database has a way of its own to find the [`Rule`].

use std::sync::Arc;

use rowcast_schema::FieldErrors;
use sea_orm::Value;

use crate::error::Error;

/// A constraint that refused, as far as the database has said which.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What sort of constraint it is.
    pub(super) broken: Broken,
    /// What the database says of it, without any values of other rows.
    pub(crate) sentence: String,
    pub(super) schema: Option<String>,
    pub(super) table: Option<String>,
    pub(super) column: Option<String>,
    /// Its name; on SQLite perhaps its text.
    pub(super) constraint: Option<String>,
    /// What was being written.
    pub(super) writing: Option<Arc<Writing>>,
}

/// What a constraint demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// That no other row has the same.
    Unique,
    /// That no other row is in the way.
    Exclusion,
    /// That the row referred to is there, or that no row refers to this one.
    Reference,
    /// That there is a value.
    Missing,
    /// That a condition holds.
    Check,
    /// What a trigger demands, or what the column's type can hold.
    Other,
}

/// What a write is about; with it a column's fault becomes a field's.
#[derive(Debug)]
pub(crate) struct Writing {
    /// One row's name.
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    /// The tables in which the write makes rows whose ids the database gives out.
    pub(crate) tables: Vec<&'static str>,
    /// The payload's field for a column of a table.
    pub(crate) field: fn(&str, &str) -> Option<String>,
    pub(crate) verb: Verb,
    /// The columns that are given, where the database does not say which one it is about.
    pub(crate) values: Vec<(&'static str, Value)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Insert,
    Update,
    /// Of this row.
    Delete(i64),
}

/// A constraint as the catalog describes it.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// The table that has it.
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// What its owner has noted beside it.
    pub(super) comment: Option<String>,
    /// The table that it refers to, and the columns there.
    pub(super) referred: Option<(String, Vec<String>)>,
    /// Whether it is the table's primary key.
    pub(super) is_key: bool,
}

impl Violation {
    /// Whether another transaction may have come between our own checks and the write: then a second look says it better.
    pub(super) fn is_race(&self) -> bool {
        matches!(self.broken, Broken::Unique | Broken::Exclusion | Broken::Reference)
    }

    /// What the client is sent, now that it is known what the constraint is about.
    pub(super) fn judged(self, rule: Option<Rule>) -> Error {
        let (Some(writing), Some(rule)) = (self.writing.clone(), rule) else {
            return Error::Refused(self.sentence);
        };
        if self.broken == Broken::Reference && is_referred_to(&writing, &rule) {
            return in_use(&writing, &rule);
        }
        let fields: Vec<String> =
            rule.columns.iter().filter_map(|column| (writing.field)(&rule.table, column)).collect();
        let sentence = |field: &str| rule.comment.clone().unwrap_or_else(|| self.say(&rule, &fields, field));
        let errors: FieldErrors = fields.iter().map(|field| (field.clone(), sentence(field))).collect();
        if errors.is_empty() { Error::Refused(self.sentence) } else { Error::Invalid(errors) }
    }

    /// One sentence for a form to show beside the field.
    fn say(&self, rule: &Rule, fields: &[String], field: &str) -> String {
        match self.broken {
            Broken::Unique => {
                let others: Vec<&str> =
                    fields.iter().map(String::as_str).filter(|other| *other != field).collect();
                match others[..] {
                    [] => "is already taken".into(),
                    _ => format!("is already taken, together with {}", others.join(" and ")),
                }
            }
            Broken::Exclusion => "is in conflict with another row".into(),
            Broken::Reference => match &rule.referred {
                Some((table, _)) => {
                    format!("refers to nothing: no row of {} is that one", table.replace('_', " "))
                }
                None => "refers to nothing".into(),
            },
            Broken::Missing => "is required".into(),
            Broken::Check => match &self.constraint {
                Some(name) => {
                    format!("breaks the rule \"{}\"", super::refusal::sentence(&name.replace('_', " ")))
                }
                None => "breaks a rule of the database".into(),
            },
            Broken::Other => self.sentence.clone(),
        }
    }
}

/// Whether the constraint is another table's, which refers to the row that is written.
fn is_referred_to(writing: &Writing, rule: &Rule) -> bool {
    let to_us = rule.referred.as_ref().is_some_and(|(table, _)| table == writing.table);
    to_us && (rule.table != writing.table || matches!(writing.verb, Verb::Delete(_)))
}

fn in_use(writing: &Writing, rule: &Rule) -> Error {
    let by = rule.table.replace('_', " ");
    if matches!(writing.verb, Verb::Delete(_)) {
        let name = writing.name.replace('_', " ");
        return Error::InUse(format!("this {name} is still used by rows of {by}"));
    }
    let columns = rule.referred.iter().flat_map(|(_, columns)| columns);
    let fields = columns.filter_map(|column| (writing.field)(writing.table, column));
    let errors: FieldErrors = fields.map(|field| (field, format!("is still used by rows of {by}"))).collect();
    match errors.is_empty() {
        true => {
            Error::InUse(format!("this {} is still used by rows of {by}", writing.name.replace('_', " ")))
        }
        false => Error::Invalid(errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(broken: Broken, verb: Verb) -> Violation {
        let field = |table: &str, column: &str| match (table, column) {
            ("members", "name" | "age") => Some(column.to_owned()),
            _ => None,
        };
        let writing = Writing {
            name: "member",
            table: "members",
            tables: vec!["members"],
            field,
            verb,
            values: vec![],
        };
        Violation {
            broken,
            sentence: "the database's own".into(),
            schema: None,
            table: Some("members".into()),
            column: None,
            constraint: Some("members_adult".into()),
            writing: Some(Arc::new(writing)),
        }
    }

    fn rule(table: &str, columns: &[&str], referred: Option<&str>) -> Option<Rule> {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        let referred = referred.map(|table| (table.to_owned(), vec!["id".to_owned()]));
        Some(Rule { table: table.into(), columns, referred, ..Rule::default() })
    }

    #[test]
    fn a_field_is_named_where_there_is_one() {
        let judged = |broken, rule| violation(broken, Verb::Insert).judged(rule).to_string();
        assert_eq!(judged(Broken::Unique, rule("members", &["name"], None)), "name: is already taken");
        let both = judged(Broken::Unique, rule("members", &["name", "age"], None));
        assert_eq!(
            both,
            "age: is already taken, together with name; name: is already taken, together with age"
        );
        assert_eq!(
            judged(Broken::Check, rule("members", &["age"], None)),
            "age: breaks the rule \"members adult\""
        );
        assert_eq!(judged(Broken::Missing, rule("members", &["name"], None)), "name: is required");
        assert_eq!(judged(Broken::Unique, rule("members", &["gym"], None)), "refused: the database's own");
        assert_eq!(judged(Broken::Unique, rule("audit", &["name"], None)), "refused: the database's own");
        assert_eq!(judged(Broken::Unique, None), "refused: the database's own");
    }

    #[test]
    fn who_refers_to_a_row_keeps_it() {
        let rule = || rule("bookings", &["member_id"], Some("members"));
        let deleted = violation(Broken::Reference, Verb::Delete(1)).judged(rule());
        assert_eq!(deleted.to_string(), "in use: this member is still used by rows of bookings");
        let updated = violation(Broken::Reference, Verb::Update).judged(rule());
        assert!(matches!(updated, Error::InUse(_)), "{updated}");
    }
}
