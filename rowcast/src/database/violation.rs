//! Violated constraints, converted to errors of fields.
//!
//! ```text
//! database error ─▶ Violation ─▶ Constraint: its columns, from the catalog ─▶ fields of the payload ─▶ Error::Invalid
//!                                                                          └─▶ no field: the database's message
//! ```
//!
//! The product's own constraints have been checked before the write. A violation is therefore the effect of a
//! concurrent transaction, or of a constraint that another program has added. Each database finds the [`Constraint`] in
//! its own way.

use std::sync::Arc;

use rowcast_schema::FieldErrors;
use sea_orm::Value;

use crate::error::Error;

/// A violated constraint, as reported by the database.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The kind of constraint.
    pub(super) kind: ConstraintKind,
    /// The database's message, without values of other rows.
    pub(crate) sentence: String,
    pub(super) schema: Option<String>,
    pub(super) table: Option<String>,
    pub(super) column: Option<String>,
    /// The constraint's name; on SQLite possibly its text.
    pub(super) constraint: Option<String>,
    /// The write that violated it.
    pub(super) target: Option<Arc<WriteTarget>>,
}

/// The kind of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConstraintKind {
    /// No other row has the same values.
    Unique,
    /// No other row conflicts, by an exclusion constraint.
    Exclusion,
    /// The referenced row exists, and no row references a deleted one.
    Reference,
    /// The value is not null.
    NotNull,
    /// A condition holds.
    Check,
    /// A trigger's constraint, or the range of the column's type.
    Other,
}

/// The write of a row: maps columns to fields of the payload.
pub(crate) struct WriteTarget {
    /// The singular name of the collection.
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    /// The tables into which the write inserts rows with generated ids.
    pub(crate) tables: Vec<&'static str>,
    /// The payload's field for a column of a table.
    pub(crate) field: FieldOf,
    pub(crate) verb: Verb,
    /// The values of columns, where the database does not report the column.
    pub(crate) values: Vec<(&'static str, Value)>,
}

/// The payload's field for a column of a table.
pub(crate) type FieldOf = Arc<dyn Fn(&str, &str) -> Option<String> + Send + Sync>;

impl std::fmt::Debug for WriteTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteTarget")
            .field("table", &self.table)
            .field("verb", &self.verb)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verb {
    Insert,
    Update,
    /// The columns of the deleted row's key, with their values.
    Delete(Vec<(&'static str, Value)>),
}

/// A constraint as the catalog describes it.
#[derive(Debug, Default)]
pub(super) struct Constraint {
    /// The table that has it.
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// The comment on the constraint in the database.
    pub(super) comment: Option<String>,
    /// The referenced table and columns.
    pub(super) referenced: Option<(String, Vec<String>)>,
    /// Whether it is the table's primary key.
    pub(super) is_primary_key: bool,
}

impl Violation {
    /// Whether a concurrent transaction may have caused it: then a retry of the checks gives a better error.
    pub(super) fn is_race(&self) -> bool {
        matches!(self.kind, ConstraintKind::Unique | ConstraintKind::Exclusion | ConstraintKind::Reference)
    }

    /// The error for the client, with the constraint from the catalog.
    pub(super) fn into_error(self, constraint: Option<Constraint>) -> Error {
        let (Some(target), Some(constraint)) = (self.target.clone(), constraint) else {
            return Error::Refused(self.sentence);
        };
        if self.kind == ConstraintKind::Reference && is_referenced_by(&target, &constraint) {
            return in_use(&target, &constraint);
        }
        let fields: Vec<String> = constraint
            .columns
            .iter()
            .filter_map(|column| (target.field)(&constraint.table, column))
            .collect();
        let sentence = |field: &str| {
            constraint.comment.clone().unwrap_or_else(|| self.sentence_for(&constraint, &fields, field))
        };
        let errors: FieldErrors = fields.iter().map(|field| (field.clone(), sentence(field))).collect();
        if errors.is_empty() { Error::Refused(self.sentence) } else { Error::Invalid(errors) }
    }

    /// The sentence for one field.
    fn sentence_for(&self, constraint: &Constraint, fields: &[String], field: &str) -> String {
        match self.kind {
            ConstraintKind::Unique => {
                let others: Vec<&str> =
                    fields.iter().map(String::as_str).filter(|other| *other != field).collect();
                match others[..] {
                    [] => "is already taken".into(),
                    _ => format!("is already taken, together with {}", others.join(" and ")),
                }
            }
            ConstraintKind::Exclusion => "is in conflict with another row".into(),
            ConstraintKind::Reference => match &constraint.referenced {
                Some((table, _)) => {
                    format!("refers to nothing: no row of {} is that one", table.replace('_', " "))
                }
                None => "refers to nothing".into(),
            },
            ConstraintKind::NotNull => "is required".into(),
            ConstraintKind::Check => match &self.constraint {
                Some(name) => {
                    format!("breaks the rule \"{}\"", super::classify::sentence(&name.replace('_', " ")))
                }
                None => "breaks a rule of the database".into(),
            },
            ConstraintKind::Other => self.sentence.clone(),
        }
    }
}

/// Whether the constraint belongs to another table, which references the written row.
fn is_referenced_by(target: &WriteTarget, constraint: &Constraint) -> bool {
    let to_us = constraint.referenced.as_ref().is_some_and(|(table, _)| table == target.table);
    to_us && (constraint.table != target.table || matches!(target.verb, Verb::Delete(_)))
}

fn in_use(target: &WriteTarget, constraint: &Constraint) -> Error {
    let by = constraint.table.replace('_', " ");
    if matches!(target.verb, Verb::Delete(_)) {
        let name = target.name.replace('_', " ");
        return Error::InUse(format!("this {name} is still used by rows of {by}"));
    }
    let columns = constraint.referenced.iter().flat_map(|(_, columns)| columns);
    let fields = columns.filter_map(|column| (target.field)(target.table, column));
    let errors: FieldErrors = fields.map(|field| (field, format!("is still used by rows of {by}"))).collect();
    match errors.is_empty() {
        true => Error::InUse(format!("this {} is still used by rows of {by}", target.name.replace('_', " "))),
        false => Error::Invalid(errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(kind: ConstraintKind, verb: Verb) -> Violation {
        let field = |table: &str, column: &str| match (table, column) {
            ("members", "name" | "age") => Some(column.to_owned()),
            _ => None,
        };
        let target = WriteTarget {
            name: "member",
            table: "members",
            tables: vec!["members"],
            field: Arc::new(field),
            verb,
            values: vec![],
        };
        Violation {
            kind,
            sentence: "the database's own".into(),
            schema: None,
            table: Some("members".into()),
            column: None,
            constraint: Some("members_adult".into()),
            target: Some(Arc::new(target)),
        }
    }

    fn constraint(table: &str, columns: &[&str], referenced: Option<&str>) -> Option<Constraint> {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        let referenced = referenced.map(|table| (table.to_owned(), vec!["id".to_owned()]));
        Some(Constraint { table: table.into(), columns, referenced, ..Constraint::default() })
    }

    #[test]
    fn violation_maps_to_fields_where_possible() {
        let converted = |kind, constraint| violation(kind, Verb::Insert).into_error(constraint).to_string();
        assert_eq!(
            converted(ConstraintKind::Unique, constraint("members", &["name"], None)),
            "name: is already taken"
        );
        let both = converted(ConstraintKind::Unique, constraint("members", &["name", "age"], None));
        assert_eq!(
            both,
            "age: is already taken, together with name; name: is already taken, together with age"
        );
        assert_eq!(
            converted(ConstraintKind::Check, constraint("members", &["age"], None)),
            "age: breaks the rule \"members adult\""
        );
        assert_eq!(
            converted(ConstraintKind::NotNull, constraint("members", &["name"], None)),
            "name: is required"
        );
        assert_eq!(
            converted(ConstraintKind::Unique, constraint("members", &["gym"], None)),
            "refused: the database's own"
        );
        assert_eq!(
            converted(ConstraintKind::Unique, constraint("audit", &["name"], None)),
            "refused: the database's own"
        );
        assert_eq!(converted(ConstraintKind::Unique, None), "refused: the database's own");
    }

    #[test]
    fn violated_reference_to_row_reports_in_use() {
        let constraint = || constraint("bookings", &["member_id"], Some("members"));
        let deleted = violation(ConstraintKind::Reference, Verb::Delete(vec![("id", 1_i64.into())]))
            .into_error(constraint());
        assert_eq!(deleted.to_string(), "in use: this member is still used by rows of bookings");
        let updated = violation(ConstraintKind::Reference, Verb::Update).into_error(constraint());
        assert!(matches!(updated, Error::InUse(_)), "{updated}");
    }
}
