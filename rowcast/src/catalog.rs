//! Tables of a database, as its catalog describes them.
//!
//! ```text
//! pg_catalog ─▶ catalog::postgres ─┐
//!                                  ├─▶ Catalog { tables } ─▶ fingerprint
//! pragmas    ─▶ catalog::sqlite   ─┘
//! ```
//!
//! [`read`] makes a fixed number of queries, whatever the number of tables; SQLite has one more for each view. The
//! result is plain data without a connection. Names are exact: quotation and case are resolved.
//!
//! A [`Check`] has its SQL text, and the [rules](checks) that the text is recognised as.

pub mod checks;
mod column_type;
mod constraint;
mod postgres;
pub(crate) mod rows;
pub(crate) mod sql;
mod sqlite;
mod table;

use sea_orm::{ConnectionTrait, DbBackend};
use serde::Serialize;
use sha2::{Digest, Sha256};

pub use column_type::{ColumnType, Domain, EnumType, IntegerWidth};
pub use constraint::{Check, ForeignKey, PrimaryKey, ReferentialAction, UniqueKey};
pub use table::{
    Column, ColumnPrivileges, Generated, Identity, Privileges, QualifiedName, Storage, Table, TableKind,
};

use crate::{error::Error, migration};

/// The schema of SQLite's tables.
pub const SQLITE_SCHEMA: &str = "main";

/// The selection of what is read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Schemas of PostgreSQL. If there are none, all are read except those of the server.
    pub schemas: Vec<String>,
}

/// The tables and views of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Catalog {
    /// Ordered by schema and name, by code point.
    pub tables: Vec<Table>,
}

impl Catalog {
    /// A table or view by its exact name.
    #[must_use]
    pub fn table(&self, schema: &str, name: &str) -> Option<&Table> {
        let by_name = |table: &Table| (&*table.name.schema, &*table.name.name).cmp(&(schema, name));
        self.tables.binary_search_by(by_name).ok().map(|at| &self.tables[at])
    }

    /// A hash of everything in the catalog, in 64 hexadecimal digits. It differs if and only if the catalog does. It is
    /// comparable between processes of one version of this program.
    ///
    /// # Errors
    /// [`Error::Internal`] if the catalog has no JSON form, which does not happen.
    pub fn fingerprint(&self) -> Result<String, Error> {
        let json = serde_json::to_vec(self).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(hex::encode(Sha256::digest(json)))
    }
}

/// Reads the tables and views of a database.
///
/// Excluded are tables of the database itself, temporary tables, virtual tables of SQLite with their shadow tables,
/// tables that belong to an extension of PostgreSQL, and the engine's own tables.
///
/// The connection should be a [`Transaction`](crate::Transaction): all queries then see one state, and the text of
/// expressions does not depend on settings of the session. The settings are restored.
///
/// # Errors
/// [`Error::Database`] and [`Error::Unavailable`] of the queries. A table that is altered meanwhile may cause the
/// former; a repetition helps.
pub async fn read<C: ConnectionTrait>(db: &C, options: &Options) -> Result<Catalog, Error> {
    let mut tables = match db.get_database_backend() {
        DbBackend::Postgres => postgres::read(db, options).await?,
        _ => sqlite::read(db).await?,
    };
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Catalog { tables })
}

/// Removes the engine's tables. A schema that contains one of [`migration::ENGINE_TABLES`] by coincidence keeps it: the
/// engine's schema is the one with its [`migration::ENGINE_MARKER`].
fn without_engine_tables<T>(relations: Vec<T>, name: impl Fn(&T) -> &QualifiedName) -> Vec<T> {
    let is_marker = |relation: &&T| name(relation).name == migration::ENGINE_MARKER;
    let schemas: Vec<String> =
        relations.iter().filter(is_marker).map(|relation| name(relation).schema.clone()).collect();
    let is_engine = |name: &QualifiedName| {
        schemas.contains(&name.schema) && migration::ENGINE_TABLES.contains(&&*name.name)
    };
    relations.into_iter().filter(|relation| !is_engine(name(relation))).collect()
}
