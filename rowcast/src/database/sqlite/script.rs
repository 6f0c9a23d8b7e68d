//! Scripts on SQLite, each on a connection beside that of the writer.
//!
//! Foreign keys are not enforced meanwhile: `drop table` would delete the rows that refer to the table, by their cascades.
//! A script that leaves rows without the row they refer to fails.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{Error as Cause, OptionalExtension};
use sea_orm::DbBackend;

use super::{Handle, OPEN_TIMEOUT, Sqlite, connection::Connection, gate::Gate};
use crate::{
    database::{
        Synchronous,
        script::{Record, Script, ScriptError, create_table, engine_tables, insert_record},
    },
    error::Error,
    migration::PROJECT_MIGRATIONS,
};

/// The delay before the next attempt to lock the file.
const RETRY_DELAY: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(in crate::database) struct ScriptRunner {
    path: PathBuf,
    gate: Arc<Gate>,
}

impl Sqlite {
    pub(in crate::database) fn script_runner(&self) -> ScriptRunner {
        ScriptRunner { path: self.path.clone(), gate: self.gate.clone() }
    }
}

impl ScriptRunner {
    pub(in crate::database) async fn records(&self) -> Result<Vec<Record>, Error> {
        self.blocking(|handle| {
            let connection = handle.connection.lock();
            records(&connection).map_err(|error| handle.connection.failure(&error).into())
        })
        .await
    }

    pub(in crate::database) async fn run(&self, script: Script) -> Result<bool, ScriptError> {
        self.blocking(move |handle| run(handle, &script)).await
    }

    /// Runs `work` on a thread that may block, with a new connection.
    async fn blocking<T, E>(
        &self,
        work: impl FnOnce(&Handle) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let this = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let handle = this.open()?;
            let outcome = work(&handle);
            handle.connection.rollback();
            // The writer makes checkpoints.
            handle.connection.disable_checkpoint_on_close();
            outcome
        });
        done.await.unwrap_or_else(|error| Err(Error::Internal(error.to_string()).into()))
    }

    fn open(&self) -> Result<Handle, Error> {
        // The guard first: the writer waits for all guards after closing the gate.
        let guard = self.gate.enter();
        let opening = self.gate.opening()?;
        let handle = Handle::new(Connection::writer(&self.path, Synchronous::Full, false)?, Some(guard));
        handle.connection.batch("pragma foreign_keys = off")?;
        match opening.files.check() {
            Ok(_) => Ok(handle),
            Err(_) => {
                handle.connection.disable_checkpoint_on_close();
                Err(Error::Unavailable("the database file is not the one that was opened".into()))
            }
        }
    }
}

fn run(handle: &Handle, script: &Script) -> Result<bool, ScriptError> {
    if script.in_transaction {
        begin(handle)?;
    }
    let connection = handle.connection.lock();
    let database = |error: Cause| ScriptError::Database(handle.connection.failure(&error).into());
    connection.execute_batch(&create_table(DbBackend::Sqlite)).map_err(database)?;
    if records(&connection).map_err(database)?.iter().any(|record| record.name == script.name) {
        return Ok(false);
    }
    let untouched = is_untouched(&connection).map_err(database)?;
    let before = dangling(&connection);
    let began = Instant::now();
    for (index, statement) in script.statements.iter().enumerate() {
        execute(&connection, statement).map_err(|error| failed(index, error))?;
    }
    if let Ok(before) = before {
        let after = dangling(&connection).map_err(|error| ScriptError::Whole(message(error).0))?;
        if let Some(((table, parent, _), count)) =
            after.iter().find(|(reference, count)| **count > before.get(*reference).copied().unwrap_or(0))
        {
            let sentence = format!(
                "leaves rows of `{table}` ({count}) that refer to rows of `{parent}` that are not there: delete or change them too"
            );
            return Err(ScriptError::Whole(sentence));
        }
    }
    let record = insert_record(PROJECT_MIGRATIONS, script, began.elapsed(), untouched);
    connection.execute_batch(&record).map_err(database)?;
    if script.in_transaction {
        connection.execute_batch("commit").map_err(|error| ScriptError::Whole(message(error).0))?;
    }
    Ok(true)
}

/// Begins a transaction, and waits while another program writes.
fn begin(handle: &Handle) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        match handle.connection.batch("begin immediate") {
            Err(Error::Busy(reason)) if began.elapsed() < OPEN_TIMEOUT => {
                tracing::warn!(
                    reason,
                    seconds = began.elapsed().as_secs(),
                    "a migration waits for another program"
                );
                std::thread::sleep(RETRY_DELAY);
            }
            outcome => return outcome,
        }
    }
}

fn records(connection: &rusqlite::Connection) -> rusqlite::Result<Vec<Record>> {
    let ask = "select 1 from main.sqlite_schema where type = 'table' and name = ?";
    let exists = connection.query_row(ask, [PROJECT_MIGRATIONS], |_| Ok(())).optional()?;
    if exists.is_none() {
        return Ok(Vec::new());
    }
    let mut prepared =
        connection.prepare(&format!("select name, checksum from main.{PROJECT_MIGRATIONS}"))?;
    let record = |row: &rusqlite::Row<'_>| Ok(Record { name: row.get(0)?, checksum: row.get(1)? });
    prepared.query_map([], record)?.collect()
}

/// Whether there are no tables but the engine's.
pub(super) fn is_untouched(connection: &rusqlite::Connection) -> rusqlite::Result<bool> {
    let ask = format!(
        "select not exists (select 1 from main.sqlite_schema
         where type = 'table' and name not like 'sqlite\\_%' escape '\\' and name not in ({}))",
        engine_tables()
    );
    connection.query_row(&ask, [], |row| row.get(0))
}

/// Whether there were no tables before the first script; `None` if none has run.
pub(super) fn was_empty(connection: &rusqlite::Connection) -> rusqlite::Result<Option<bool>> {
    if records(connection)?.is_empty() {
        return Ok(None);
    }
    let ask = format!("select was_empty from main.{PROJECT_MIGRATIONS} order by rowid limit 1");
    connection.query_row(&ask, [], |row| row.get(0)).optional()
}

fn execute(connection: &rusqlite::Connection, statement: &str) -> rusqlite::Result<()> {
    let mut prepared = connection.prepare(statement)?;
    let mut rows = prepared.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

/// The number of rows without the row they refer to: by table, referenced table and foreign key.
fn dangling(connection: &rusqlite::Connection) -> rusqlite::Result<BTreeMap<(String, String, i64), u64>> {
    let mut prepared = connection.prepare("pragma foreign_key_check")?;
    let mut rows = prepared.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        *found.entry((row.get(0)?, row.get(2)?, row.get(3)?)).or_insert(0) += 1;
    }
    Ok(found)
}

fn failed(index: usize, error: Cause) -> ScriptError {
    let (message, offset) = message(error);
    ScriptError::Statement { index, offset, message }
}

/// SQLite's sentence, and the position of the error.
fn message(error: Cause) -> (String, Option<usize>) {
    match error {
        Cause::SqlInputError { msg, offset, .. } => (msg, usize::try_from(offset).ok()),
        Cause::SqliteFailure(_, Some(message)) => (message, None),
        other => (other.to_string(), None),
    }
}
