//! What Rowcast puts beside the tables of a database that exists, and how it is removed.
//!
//! ```text
//! Catalog + Options ─▶ wanted ─┐
//!                              ├─▶ plan ─▶ statements ─▶ execute
//! database ─▶ read ─▶ Installed┘
//! ```
//!
//! Each table with a primary key gets triggers that write `(collection, row_key)` to `rowcast_change_log`, in the
//! transaction of the change. Nothing in the tables themselves changes. `row_key` is a JSON array of the key's values:
//! integers as numbers, everything else as text. [`key_expression`] is the SQL that makes it of a row, so that a reader
//! of rows writes equal keys.
//!
//! [`plan`] compares what is wanted with what is installed. It is repeated after each change of the schema: it adds,
//! replaces and drops what differs, and a second plan is empty. [`remember`] does the same with the [`Choice`] of tables.
//!
//! # Writes of other programs go on
//!
//! On PostgreSQL the functions run with the rights of the role that attached, under a `search_path` of their own. The
//! triggers have neither conditions nor columns, so that no column depends on them: a program may rename, retype or drop
//! a column of a key, and its writes still succeed. Until the next plan, such a table's keys are looked up in its primary
//! key as it is then.
//!
//! On SQLite, `alter table … rename` rewrites the triggers. A column of a key cannot be dropped, which SQLite refuses
//! anyway, nor can any column of a table whose versions are counted. A table that is made again has no triggers until the
//! next plan.
//!
//! # What is not seen
//!
//! [`not_seen`] lists what the catalog shows, and [`gaps`] what a database does. Neither can show that SQLite's
//! `insert or replace` deletes without triggers, unless the program has set `pragma recursive_triggers`: the replaced row
//! is then missing from the log if its key is not the new one.

mod choice;
mod name;
mod postgres;
mod remarks;
mod sqlite;
mod statement;
mod summary;
mod tracked;

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend};

use crate::{
    catalog::{Catalog, QualifiedName, Table},
    error::Error,
};
pub use choice::{Choice, remember};
pub(crate) use name::quoted;
pub use remarks::{Remark, not_seen, read_only};
pub use statement::{Statement, execute};
pub use summary::summary;
pub use tracked::has_version;

/// The schema of PostgreSQL that contains everything of Rowcast.
pub const SCHEMA: &str = "rowcast";

/// Sets [`SCHEMA`] first in the `search_path` until the end of a transaction, for the engine's migrations.
pub const CREATE_IN_SCHEMA: &str = "select pg_catalog.set_config('search_path', \
    pg_catalog.concat_ws(', ', 'rowcast', nullif(pg_catalog.current_setting('search_path'), '')), true)";

/// Sets [`SCHEMA`] last in the `search_path` of a session, for the engine's queries.
pub const FIND_IN_SCHEMA: &str = "select pg_catalog.set_config('search_path', \
    pg_catalog.concat_ws(', ', nullif(pg_catalog.current_setting('search_path'), ''), 'rowcast'), false)";

/// The selection of tables.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The tables whose changes are logged; none for all. Partitions follow the partitioned table.
    pub tables: Option<BTreeSet<QualifiedName>>,
    /// Tables whose column `version` is incremented by triggers, whichever program updates a row. Tables for which
    /// [`has_version`] is false are ignored.
    ///
    /// The column must be a version of the row and nothing else: a program that sets it to a lower value finds it
    /// incremented instead.
    pub count_versions: BTreeSet<QualifiedName>,
    /// A table whose rows sign in.
    pub signs_in: Option<Users>,
}

/// A table whose rows sign in: the sign-ins of a row end when it is deleted, or gets another key or password.
#[derive(Clone, Debug)]
pub struct Users {
    /// The table.
    pub table: QualifiedName,
    /// Its column of password hashes.
    pub password: String,
}

/// What Rowcast has put into a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Postgres(postgres::Installed),
    Sqlite(sqlite::Installed),
}

impl Installed {
    /// Nothing yet. Statements for PostgreSQL are those of the owner of all tables.
    #[must_use]
    pub fn nothing(backend: DbBackend) -> Self {
        Self(match backend {
            DbBackend::Postgres => Kind::Postgres(postgres::Installed::default()),
            _ => Kind::Sqlite(sqlite::Installed::default()),
        })
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// Those of the queries.
    pub async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, Error> {
        Ok(Self(match db.get_database_backend() {
            DbBackend::Postgres => Kind::Postgres(postgres::Installed::read(db).await?),
            _ => Kind::Sqlite(sqlite::Installed::read(db).await?),
        }))
    }

    /// Objects of others under the names that Rowcast uses, one sentence each. Nothing may be installed beside them.
    #[must_use]
    pub fn conflicts(&self) -> &[String] {
        match &self.0 {
            Kind::Postgres(installed) => &installed.conflicts,
            Kind::Sqlite(installed) => &installed.conflicts,
        }
    }

    /// Whether [`prepare`] has been executed, and [`Detachment`] has something to remove.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        match &self.0 {
            Kind::Postgres(installed) => installed.schema.is_some(),
            Kind::Sqlite(installed) => installed.is_attached,
        }
    }
}

/// The statements that precede the engine's migrations: the schema on PostgreSQL, a record of the state before on SQLite.
/// None if they have been executed.
#[must_use]
pub fn prepare(installed: &Installed) -> Vec<Statement> {
    if installed.is_attached() {
        return Vec::new();
    }
    match installed.0 {
        Kind::Postgres(_) => postgres::prepare(),
        Kind::Sqlite(_) => sqlite::prepare(),
    }
}

/// The statements that are missing for all tables of a catalog with a primary key. A catalog without tables removes all
/// triggers.
#[must_use]
pub fn plan(catalog: &Catalog, options: &Options, installed: &Installed) -> Vec<Statement> {
    match &installed.0 {
        Kind::Postgres(installed) => postgres::plan(&tracked::postgres(catalog, options), installed),
        Kind::Sqlite(installed) => sqlite::plan(&tracked::sqlite(catalog, options), installed),
    }
}

/// What the current role lacks for [`prepare`] and [`plan`], one sentence each with the SQL that grants it. None on
/// SQLite.
///
/// # Errors
/// Those of the queries.
pub async fn missing_rights<C: ConnectionTrait>(
    db: &C,
    catalog: &Catalog,
    options: &Options,
) -> Result<Vec<String>, Error> {
    match db.get_database_backend() {
        DbBackend::Postgres => postgres::missing_rights(db, &tracked::postgres(catalog, options)).await,
        _ => Ok(Vec::new()),
    }
}

/// Changes of tracked tables that the installed triggers do not see, rows that the current role does not, and publications
/// that contain Rowcast's tables. None on SQLite.
///
/// # Errors
/// Those of the queries.
pub async fn gaps<C: ConnectionTrait>(
    db: &C,
    catalog: &Catalog,
    options: &Options,
) -> Result<Vec<Remark>, Error> {
    match db.get_database_backend() {
        DbBackend::Postgres => postgres::gaps(db, &tracked::postgres(catalog, options)).await,
        _ => Ok(Vec::new()),
    }
}

/// The removal of every trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detachment {
    /// What prevents it, one sentence each. If there are any, the statements must not be executed: they would drop what
    /// is named there.
    pub obstacles: Vec<String>,
    /// Executed in one connection. On SQLite, in one transaction, after which other connections must be opened again.
    pub statements: Vec<Statement>,
}

impl Detachment {
    /// Determines what is to be removed, and what depends on it.
    ///
    /// # Errors
    /// Those of the queries.
    pub async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, Error> {
        match db.get_database_backend() {
            DbBackend::Postgres => postgres::detach(db).await,
            _ => sqlite::detach(db).await,
        }
    }
}

/// The name of a table in the log's column `collection`.
#[must_use]
pub fn collection(table: &QualifiedName, backend: DbBackend) -> String {
    match backend {
        DbBackend::Postgres => format!("{}.{}", table.schema, table.name),
        _ => table.name.clone(),
    }
}

/// SQL of the log's `row_key` for a row that a query calls `row`, which is put into the SQL as it is. None if the table
/// has no primary key. On SQLite it is null if a value of the key is.
///
/// On PostgreSQL the text is that of a cast to `text` except that `inet` and domains over `char(n)` are
/// written as the type prints them. The text of times, floats and bytes depends on the session; the log has
/// them under `datestyle = 'ISO, YMD'`, `intervalstyle = 'postgres'`, `timezone = 'UTC'`, `bytea_output = 'hex'` and
/// `extra_float_digits = 1`.
#[must_use]
pub fn key_expression(table: &Table, row: &str, backend: DbBackend) -> Option<String> {
    let key = tracked::key(table)?;
    Some(match backend {
        DbBackend::Postgres => postgres::key_expression(&key, row),
        _ => sqlite::key_expression(&key, row),
    })
}
