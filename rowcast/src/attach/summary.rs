//! What statements do, in a sentence.

use std::collections::BTreeSet;

use sea_orm::DbBackend;

use super::{SCHEMA, Statement};

/// Counts what the statements create and drop, beside a number of tables of the engine's migrations.
#[must_use]
pub fn summary(engine_tables: usize, statements: &[Statement], backend: DbBackend) -> String {
    let those =
        |start: &'static str| statements.iter().filter(move |statement| statement.sql.starts_with(start));
    let count = |start, noun| counted(those(start).count(), noun);
    let place = match backend {
        DbBackend::Postgres => format!("in the schema {SCHEMA}"),
        _ => "with the prefix rowcast_".to_owned(),
    };
    let at = |tables: Option<String>| tables.map(|tables| format!("{tables} {place}"));
    let triggered: BTreeSet<_> = those("create trigger").map(|statement| &statement.table).collect();
    let on = counted(triggered.len(), "table").map(|tables| format!(" on {tables} of yours"));
    let triggers = count("create trigger", "trigger").zip(on).map(|(triggers, on)| triggers + &on);
    let tables = at(counted(engine_tables + those("create table").count(), "table"));
    let created = vec![tables, triggers];
    let functions =
        count("drop function", "function").map(|functions| format!("{functions} with their triggers"));
    let dropped = vec![at(count("drop table", "table")), functions, count("drop trigger", "trigger")];
    let parts: Vec<String> = [("creates", created), ("drops", dropped)]
        .into_iter()
        .filter_map(|(verb, what)| Some(format!("{verb} {}", listed(what)?)))
        .collect();
    match parts.is_empty() {
        true => "changes what is there, and creates nothing".to_owned(),
        false => parts.join("; "),
    }
}

fn counted(number: usize, noun: &str) -> Option<String> {
    let plural = if number == 1 { "" } else { "s" };
    (number > 0).then(|| format!("{number} {noun}{plural}"))
}

fn listed(parts: Vec<Option<String>>) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let (last, most) = parts.split_last()?;
    Some(if most.is_empty() { last.clone() } else { format!("{} and {last}", most.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::QualifiedName;

    #[test]
    fn statements_are_counted_by_kind() {
        let table = |name: &str| QualifiedName { schema: "public".into(), name: name.into() };
        let on = |name: &str| Statement::of(&table(name), "create trigger t …");
        let first = [
            Statement::general("create schema rowcast"),
            Statement::general("create or replace function f …"),
            on("orders"),
            on("orders"),
            on("lines"),
        ];
        assert_eq!(
            summary(14, &first, DbBackend::Postgres),
            "creates 14 tables in the schema rowcast and 3 triggers on 2 tables of yours"
        );
        assert_eq!(summary(0, &first[2..4], DbBackend::Sqlite), "creates 2 triggers on 1 table of yours");
        let choice =
            [Statement::general("create table rowcast_choice …"), Statement::general("drop trigger t")];
        assert_eq!(
            summary(0, &choice, DbBackend::Sqlite),
            "creates 1 table with the prefix rowcast_; drops 1 trigger"
        );
        let fires = [Statement::general("alter table orders enable always trigger t")];
        assert_eq!(summary(0, &fires, DbBackend::Postgres), "changes what is there, and creates nothing");
    }
}
