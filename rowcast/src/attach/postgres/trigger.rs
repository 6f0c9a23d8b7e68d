//! Triggers on the tables of others.

use super::function::{Function, log_name};
use crate::{
    attach::{
        SCHEMA, Statement,
        name::{hash, qualified, quoted},
        tracked::Tracked,
    },
    catalog::QualifiedName,
};

/// A trigger, and the function that it executes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trigger {
    pub(super) table: QualifiedName,
    pub(super) name: String,
    pub(super) function: String,
}

/// A trigger that is not there yet.
#[derive(Clone, Debug)]
pub(super) struct WantedTrigger {
    pub(super) trigger: Trigger,
    timing: &'static str,
    level: &'static str,
}

/// The triggers of a table and of its partitions, to which PostgreSQL copies row triggers itself.
pub(super) fn wanted(tracked: &Tracked<'_>) -> Vec<WantedTrigger> {
    let root = &tracked.table.name;
    let trigger = |table: &QualifiedName, name: String, function: String, timing, level| WantedTrigger {
        trigger: Trigger { table: table.clone(), name, function },
        timing,
        level,
    };
    let row = "after insert or update or delete";
    let mut triggers = vec![trigger(root, log_name(root), log_name(root), row, "row")];
    if tracked.counts_versions {
        // Names sort in the order in which triggers fire: others may change the row before.
        let function = Function::version(tracked).name;
        triggers.push(trigger(root, format!("zz_{function}"), function, "before update", "row"));
    }
    let tables = tracked.partitions.iter().map(|partition| &partition.name);
    triggers.extend(std::iter::once(root).chain(tables).map(|table| {
        let name = format!("rowcast_truncate_{}", hash(root));
        trigger(table, name, log_name(root), "before truncate", "statement")
    }));
    triggers
}

impl WantedTrigger {
    pub(super) fn create(&self) -> Statement {
        let Self { trigger: Trigger { table, name, function }, timing, level } = self;
        let (name, at, function) = (quoted(name), qualified(table), quoted(function));
        let sql = format!(
            "create trigger {name} {timing} on {at} for each {level} execute function {SCHEMA}.{function}()"
        );
        Statement::of(table, sql)
    }
}

impl Trigger {
    /// Lets it fire under `session_replication_role = replica` too, which only the table's owner may.
    pub(super) fn enable_always(&self) -> Statement {
        let (table, name) = (qualified(&self.table), quoted(&self.name));
        Statement::of(&self.table, format!("alter table {table} enable always trigger {name}"))
    }

    pub(super) fn drop(&self) -> Statement {
        let (table, name) = (qualified(&self.table), quoted(&self.name));
        Statement::of(&self.table, format!("drop trigger if exists {name} on {table}"))
    }
}
