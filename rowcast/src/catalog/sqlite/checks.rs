//! Checks of a table's definition.

use super::{
    super::{
        Check, Column,
        checks::{Rules, Subject},
        sql::{self, Dialect, Kind},
    },
    definition::{CheckDefinition, Definition},
};

/// The checks, in the order of the text.
pub(super) fn of_table(definition: &Definition, columns: &[Column]) -> Vec<Check> {
    let subjects: Vec<Subject<'_>> = columns.iter().map(subject).collect();
    definition.checks.iter().map(|check| convert(check, &subjects)).collect()
}

fn subject(column: &Column) -> Subject<'_> {
    let collation = column.collation.as_deref();
    Subject {
        name: &column.name,
        column_type: &column.column_type,
        exact_text: collation.is_none_or(|collation| collation.eq_ignore_ascii_case("binary")),
    }
}

fn convert(check: &CheckDefinition, subjects: &[Subject<'_>]) -> Check {
    let Rules { rules, complete } = Rules::of(&check.sql, Dialect::Sqlite, subjects);
    let names: Vec<String> = sql::tokens(&check.sql, Dialect::Sqlite)
        .iter()
        .filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted))
        .map(|token| token.unquoted())
        .collect();
    let is_used = |subject: &&Subject<'_>| names.iter().any(|name| name.eq_ignore_ascii_case(subject.name));
    let columns = subjects.iter().filter(is_used).map(|subject| subject.name.to_owned()).collect();
    Check { name: check.name.clone(), sql: check.sql.clone(), columns, rules, complete, comment: None }
}
