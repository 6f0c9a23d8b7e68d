//! SQLite: triggers that contain their statements, and tables with a prefix in the same file.

mod detachment;
mod installed;
mod triggers;

use std::collections::BTreeMap;

use super::{Statement, name::quoted, tracked::Tracked};
pub(super) use detachment::detach;
pub(super) use installed::Installed;
pub(super) use triggers::key_expression;

/// The record of the file as it was before.
const ATTACHMENT: &str = "rowcast_attachment";

/// SQLite's own table `sqlite_sequence` appears with the first table that numbers its rows, and stays.
pub(super) fn prepare() -> Vec<Statement> {
    let before = "exists (select 1 from sqlite_master where name = 'sqlite_sequence')";
    vec![
        Statement::general(format!("create table {ATTACHMENT} (had_sequences integer not null)")),
        Statement::general(format!("insert into {ATTACHMENT} (had_sequences) select {before}")),
    ]
}

/// Triggers that differ are made again.
pub(super) fn plan(tracked: &[Tracked<'_>], installed: &Installed) -> Vec<Statement> {
    let wanted: BTreeMap<String, _> =
        tracked.iter().flat_map(triggers::wanted).map(|trigger| (trigger.name.clone(), trigger)).collect();
    let is_current = |name: &str| {
        let wanted = wanted.get(name).map(|trigger| trigger.definition());
        wanted.is_some() && wanted.as_deref() == installed.triggers.get(name).map(|found| &**found)
    };
    let old = installed.triggers.keys().filter(|name| !is_current(name));
    let new = wanted.values().filter(|trigger| !is_current(&trigger.name));
    let dropped = old.map(|name| Statement::general(format!("drop trigger if exists {}", quoted(name))));
    dropped.chain(new.map(|trigger| trigger.create())).collect()
}
