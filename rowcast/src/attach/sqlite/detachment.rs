//! The removal of triggers and tables from a file.

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{ATTACHMENT, Installed, plan};
use crate::{
    attach::{Detachment, Statement, name::quoted, tracked::is_reserved},
    catalog::rows::rows,
    error::Error,
};

/// Views and triggers of others, which may name a table of Rowcast.
const OTHERS: &str = r"
select json_object('kind', type, 'name', name, 'sql', sql) as json from sqlite_master
where type in ('view', 'trigger') and name not like 'rowcast\_%' escape '\' order by name";

/// References to tables of Rowcast.
const REFERENCES: &str = r#"
select json_object('table', m.name, 'referenced', f."table") as json
from sqlite_master m join pragma_foreign_key_list(m.name) f
where m.type = 'table' and f."table" like 'rowcast\_%' escape '\' order by m.name"#;

/// Whether `sqlite_sequence` was there before, and whether tables of others number rows by it.
const SEQUENCES: &str = r"
select json_object('before', max(had_sequences), 'is_used', exists (
    select 1 from sqlite_master where type = 'table' and name not like 'rowcast\_%' escape '\'
        and sql like '%autoincrement%'),
    'is_there', exists (select 1 from sqlite_master where name = 'sqlite_sequence')) as json
from rowcast_attachment";

/// SQLite does not drop `sqlite_sequence`. Under another name it is a table like any other.
const DROP_SEQUENCES: [&str; 4] = [
    "pragma writable_schema = on",
    "update sqlite_master set name = 'rowcast_sequence', tbl_name = 'rowcast_sequence', \
        sql = 'CREATE TABLE rowcast_sequence(name,seq)' where name = 'sqlite_sequence'",
    "pragma writable_schema = reset",
    "drop table rowcast_sequence",
];

#[derive(Deserialize)]
struct Object {
    kind: String,
    name: String,
    sql: String,
}

#[derive(Deserialize)]
struct Reference {
    table: String,
    referenced: String,
}

#[derive(Deserialize)]
struct Sequences {
    before: Option<i64>,
    is_used: i64,
    is_there: i64,
}

pub(in crate::attach) async fn detach<C: ConnectionTrait>(db: &C) -> Result<Detachment, Error> {
    let installed = Installed::read(db).await?;
    if !installed.is_attached {
        return Ok(Detachment::default());
    }
    let (others, references) = (rows(db, OTHERS, []).await?, rows(db, REFERENCES, []).await?);
    let sequences: Option<Sequences> = rows(db, SEQUENCES, []).await?.pop();
    let mut statements = plan(&[], &installed);
    let ordered = ordered(installed.tables.clone(), &references);
    statements.extend(
        ordered.iter().map(|table| Statement::general(format!("drop table if exists {}", quoted(table)))),
    );
    let is_left = |sequences: &Sequences| {
        sequences.before == Some(0) && sequences.is_used == 0 && sequences.is_there == 1
    };
    if sequences.as_ref().is_some_and(is_left) {
        statements.extend(DROP_SEQUENCES.map(Statement::general));
    }
    let obstacles = obstacles(&installed, &others, &references);
    Ok(Detachment { obstacles, statements })
}

fn obstacles(installed: &Installed, others: &[Object], references: &[Reference]) -> Vec<String> {
    let names = |object: &&Object| {
        let sql = object.sql.to_ascii_lowercase();
        installed.tables.iter().any(|table| sql.contains(&table.to_ascii_lowercase()))
    };
    let named = others.iter().filter(names).map(|object| (&*object.kind, &object.name));
    let referencing = references.iter().filter(|reference| !is_reserved(&reference.table));
    let dependents = named.chain(referencing.map(|reference| ("table", &reference.table)));
    let sentence = |(kind, name): (&str, &String)| {
        format!(
            "The {kind} {} uses a table of Rowcast, which would be dropped: drop or change it first.",
            quoted(name)
        )
    };
    installed.conflicts.iter().cloned().chain(dependents.map(sentence)).collect()
}

/// A table comes before those that it references, and the record of the attachment last.
fn ordered(mut tables: Vec<String>, references: &[Reference]) -> Vec<String> {
    let mut ordered = Vec::new();
    tables.retain(|table| table != ATTACHMENT);
    while !tables.is_empty() {
        let is_referenced = |name: &String| {
            let others = references.iter().filter(|reference| reference.table != *name);
            others.clone().any(|reference| reference.referenced == *name && tables.contains(&reference.table))
        };
        let at = tables.iter().position(|name| !is_referenced(name)).unwrap_or(0);
        ordered.push(tables.remove(at));
    }
    ordered.push(ATTACHMENT.to_owned());
    ordered
}
