//! The choice of schemas and tables, which the database remembers for every server on it.
//!
//! The table is made for a choice, and made again for another one: servers notice that as a change of the schema.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend};
use serde::{Deserialize, de::IgnoredAny};

use super::{
    Statement,
    name::{postgres_text, sqlite_text},
};
use crate::{
    catalog::{QualifiedName, rows::rows},
    error::Error,
    migration::CHOICE,
};

/// The schemas and tables that are served. The default is no choice: all tables of one schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Schemas of PostgreSQL that were chosen as such.
    pub schemas: BTreeSet<String>,
    /// Tables; all if there are none.
    pub tables: BTreeSet<QualifiedName>,
}

const POSTGRES_EXISTS: &str = "select '1' as json from pg_catalog.pg_class c \
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
    where n.nspname = 'rowcast' and c.relname = 'rowcast_choice' and c.relkind = 'r'";
/// Before a file is attached, the name may be another program's.
const SQLITE_EXISTS: &str = "select '1' as json from sqlite_master where type = 'table' and name = 'rowcast_choice' \
    and exists (select 1 from sqlite_master where type = 'table' and name = 'rowcast_attachment')";

const POSTGRES: &str = "select pg_catalog.json_build_object('schema', schema_name, 'name', table_name)::text as json \
    from rowcast.rowcast_choice";
const SQLITE: &str =
    "select json_object('schema', schema_name, 'name', table_name) as json from rowcast_choice";

/// A chosen table, or a schema.
#[derive(Deserialize)]
struct Row {
    schema: String,
    name: Option<String>,
}

impl Choice {
    /// Reads what is remembered.
    ///
    /// # Errors
    /// Those of the queries.
    pub async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, Error> {
        let (exists, sql) = match db.get_database_backend() {
            DbBackend::Postgres => (POSTGRES_EXISTS, POSTGRES),
            _ => (SQLITE_EXISTS, SQLITE),
        };
        let mut choice = Self::default();
        if rows::<_, IgnoredAny>(db, exists, []).await?.is_empty() {
            return Ok(choice);
        }
        for Row { schema, name } in rows(db, sql, []).await? {
            match name {
                Some(name) => drop(choice.tables.insert(QualifiedName { schema, name })),
                None => drop(choice.schemas.insert(schema)),
            }
        }
        Ok(choice)
    }

    /// Whether all tables of one schema are served.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.schemas.is_empty() && self.tables.is_empty()
    }

    /// The schemas whose tables are read: those that were chosen, else those of the tables.
    #[must_use]
    pub fn all_schemas(&self) -> BTreeSet<String> {
        match self.schemas.is_empty() {
            true => self.tables.iter().map(|table| table.schema.clone()).collect(),
            false => self.schemas.clone(),
        }
    }
}

/// The statements that replace what is remembered.
#[must_use]
pub fn remember(choice: &Choice, remembered: &Choice, backend: DbBackend) -> Vec<Statement> {
    if choice == remembered {
        return Vec::new();
    }
    let (table, text): (_, fn(&str) -> String) = match backend {
        DbBackend::Postgres => (format!("{}.{CHOICE}", super::SCHEMA), postgres_text),
        _ => (CHOICE.to_owned(), sqlite_text),
    };
    let mut statements = Vec::new();
    if !remembered.is_none() {
        statements.push(Statement::general(format!("drop table {table}")));
    }
    if !choice.is_none() {
        let schemas = choice.schemas.iter().map(|schema| format!("({}, null)", text(schema)));
        let tables = choice
            .tables
            .iter()
            .map(|QualifiedName { schema, name }| format!("({}, {})", text(schema), text(name)));
        let rows: Vec<String> = schemas.chain(tables).collect();
        statements.push(Statement::general(format!(
            "create table {table} (schema_name text not null, table_name text)"
        )));
        statements.push(Statement::general(format!(
            "insert into {table} (schema_name, table_name) values {}",
            rows.join(", ")
        )));
    }
    statements
}
