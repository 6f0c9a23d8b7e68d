//! Scripts of statements in SQL, each with a connection and a transaction of its own, and a record that it has run.
//!
//! A table contains the records ([`PROJECT_MIGRATIONS`]). It is created with the first script. A script runs once, also if
//! several servers run it at the same time.

use std::time::Duration;

use sea_orm::DbBackend;

use super::{Database, Engine, postgres, sqlite};
use crate::{
    error::Error,
    migration::{ENGINE_TABLES, PROJECT_MIGRATIONS},
};

/// A script to run.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// Of ASCII letters, digits, `-`, `_` and `.`.
    pub(crate) name: String,
    /// Hexadecimal digits.
    pub(crate) checksum: String,
    pub(crate) statements: Vec<String>,
    /// Whether the statements and the record are one transaction.
    pub(crate) in_transaction: bool,
}

/// A script that has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) checksum: String,
}

#[derive(Debug)]
pub(crate) enum ScriptError {
    /// A statement failed.
    Statement {
        index: usize,
        /// The position of the error in the statement, in bytes.
        offset: Option<usize>,
        message: String,
    },
    /// The script failed at its end.
    Whole(String),
    /// The database is unavailable.
    Database(Error),
}

impl From<Error> for ScriptError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// Runs scripts of one database. Another server waits meanwhile.
pub(crate) struct ScriptRunner(Runner);

enum Runner {
    Sqlite(sqlite::ScriptRunner),
    Postgres(Box<postgres::ScriptRunner>),
}

impl Database {
    /// A runner of scripts; waits until no other server has one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] with the reason.
    pub(crate) async fn script_runner(&self) -> Result<ScriptRunner, Error> {
        match &*self.engine {
            Engine::Sqlite(sqlite) => Ok(ScriptRunner(Runner::Sqlite(sqlite.script_runner()))),
            Engine::Postgres(postgres) => {
                let runner = postgres::ScriptRunner::open(postgres.url()).await?;
                Ok(ScriptRunner(Runner::Postgres(Box::new(runner))))
            }
        }
    }
}

impl ScriptRunner {
    pub(crate) fn backend(&self) -> DbBackend {
        match self.0 {
            Runner::Sqlite(_) => DbBackend::Sqlite,
            Runner::Postgres(_) => DbBackend::Postgres,
        }
    }

    /// The scripts that have run.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn records(&mut self) -> Result<Vec<Record>, Error> {
        match &mut self.0 {
            Runner::Sqlite(runner) => runner.records().await,
            Runner::Postgres(runner) => runner.records().await,
        }
    }

    /// Runs a script; false if another server has run it.
    ///
    /// # Errors
    /// That of the first statement that fails. A transaction has changed nothing then.
    pub(crate) async fn run(&mut self, script: Script) -> Result<bool, ScriptError> {
        match &mut self.0 {
            Runner::Sqlite(runner) => runner.run(script).await,
            Runner::Postgres(runner) => runner.run(&script).await,
        }
    }

    pub(crate) async fn close(self) {
        if let Runner::Postgres(runner) = self.0 {
            runner.close().await;
        }
    }
}

/// Creates the table of records.
pub(super) fn create_table(backend: DbBackend) -> String {
    let (time, now, strict) = match backend {
        DbBackend::Postgres => ("timestamptz", "now()", ""),
        _ => ("text", "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", " strict"),
    };
    format!(
        "create table if not exists {PROJECT_MIGRATIONS} (
            name text not null primary key,
            checksum text not null,
            applied_at {time} not null default {now},
            milliseconds int not null,
            was_empty int not null
        ){strict}"
    )
}

/// Writes a record, and whether the database had no tables before the script. Neither name nor checksum contains a quote.
pub(super) fn insert_record(table: &str, script: &Script, duration: Duration, was_empty: bool) -> String {
    let Script { name, checksum, .. } = script;
    let (milliseconds, was_empty) = (duration.as_millis().min(i32::MAX as u128), i32::from(was_empty));
    format!(
        "insert into {table} (name, checksum, milliseconds, was_empty) values ('{name}', '{checksum}', {milliseconds}, {was_empty})"
    )
}

/// The engine's tables, as a list in SQL.
pub(super) fn engine_tables() -> String {
    ENGINE_TABLES.map(|table| format!("'{table}'")).join(", ")
}
