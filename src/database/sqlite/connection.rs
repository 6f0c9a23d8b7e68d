//! One rusqlite connection, as SeaORM wants to see it.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::OpenFlags;
use sea_orm::{DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement, Values};

use super::{
    super::Synchronous,
    refusal::Refusal,
    value::{read, write},
};
use crate::error::Error;

/// How long to wait for another program's lock on the file.
const BUSY: Duration = Duration::from_secs(5);
/// Statements kept prepared, least recently used out first.
const PREPARED: usize = 128;

/// A connection that one thread at a time uses. The mutex is never contended; it is there because SeaORM wants
/// connections that can be shared.
pub(super) struct Connection(Mutex<rusqlite::Connection>);

impl Connection {
    /// Opens the file, making it if it is missing, for the one thread that writes.
    pub(super) fn writer(path: &Path, synchronous: Synchronous) -> Result<Self, Error> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let level = match synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        };
        connection.batch(&format!(
            "pragma journal_mode = wal; pragma synchronous = {level}; pragma foreign_keys = on"
        ))?;
        Ok(connection)
    }

    /// For reading alone: a statement that writes is refused.
    pub(super) fn reader(path: &Path) -> Result<Self, Error> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.batch("pragma query_only = on")?;
        Ok(connection)
    }

    /// Runs statements that take no values and give no rows.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Error> {
        let connection = self.lock();
        let outcome = match sql.contains(';') {
            true => connection.execute_batch(sql),
            false => connection.prepare_cached(sql).and_then(|mut prepared| {
                // `pragma` answers with a row, which `execute` would take for a mistake.
                prepared.query([]).and_then(|mut rows| rows.next().map(drop))
            }),
        };
        outcome.map_err(|error| Refusal::wrap(&error).into())
    }

    /// Ends the open transaction, if there is one, without keeping anything.
    pub(super) fn undo(&self) {
        if !self.is_idle()
            && let Err(error) = self.batch("rollback")
        {
            tracing::error!(%error, "a SQLite transaction could not be rolled back");
        }
    }

    /// Changes whenever another connection commits, of this process or of another (SQLite, `pragma data_version`).
    pub(super) fn data_version(&self) -> Result<i64, Error> {
        let connection = self.lock();
        let version = connection
            .prepare_cached("pragma data_version")
            .and_then(|mut prepared| prepared.query_one([], |row| row.get(0)));
        version.map_err(|error| Refusal::wrap(&error).into())
    }

    /// Whether no transaction is open.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_autocommit()
    }

    /// Moves the write-ahead log into the main file, so that a stopped server leaves one file.
    pub(super) fn checkpoint(&self) {
        // Whoever holds the file is not waited for: the log is as safe where it is.
        let impatient =
            self.lock().busy_timeout(Duration::ZERO).map_err(|error| Refusal::wrap(&error).into());
        if let Err(error) = impatient.and_then(|()| self.batch("pragma wal_checkpoint(truncate)")) {
            tracing::warn!(%error, "the write-ahead log was left for the next start");
        }
    }

    fn lock(&self) -> MutexGuard<'_, rusqlite::Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn query(&self, statement: &Statement) -> rusqlite::Result<Vec<ProxyRow>> {
        let connection = self.lock();
        let mut prepared = connection.prepare_cached(&statement.sql)?;
        bind(&mut prepared, statement.values.as_ref())?;
        let names: Vec<String> = prepared.column_names().into_iter().map(Into::into).collect();
        let mut rows = prepared.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut values = BTreeMap::new();
            for (at, name) in names.iter().enumerate() {
                values.insert(name.clone(), read(row.get_ref(at)?)?);
            }
            found.push(ProxyRow::new(values));
        }
        Ok(found)
    }

    fn execute(&self, statement: &Statement) -> rusqlite::Result<ProxyExecResult> {
        let connection = self.lock();
        if statement.values.is_none() && statement.sql.contains(';') {
            connection.execute_batch(&statement.sql)?;
            return Ok(ProxyExecResult::default());
        }
        let mut prepared = connection.prepare_cached(&statement.sql)?;
        bind(&mut prepared, statement.values.as_ref())?;
        let mut rows = prepared.raw_query();
        while rows.next()?.is_some() {}
        drop(rows);
        drop(prepared);
        Ok(ProxyExecResult::new(
            connection.last_insert_rowid().try_into().unwrap_or_default(),
            connection.changes(),
        ))
    }
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            connection.busy_timeout(BUSY)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            Ok(connection)
        })
        .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
    Ok(Connection(Mutex::new(connection)))
}

fn bind(prepared: &mut rusqlite::CachedStatement<'_>, values: Option<&Values>) -> rusqlite::Result<()> {
    for (at, value) in values.iter().flat_map(|values| values.0.iter()).enumerate() {
        prepared.raw_bind_parameter(at + 1, write(value)?)?;
    }
    Ok(())
}

}

/// The connection in the shape SeaORM asks for. Its futures are ready at once.
pub(super) struct Proxy(pub(super) Arc<Connection>);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy(SQLite)")
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        self.0.query(&statement).map_err(|error| Refusal::wrap(&error))
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        self.0.execute(&statement).map_err(|error| Refusal::wrap(&error))
    }
}
