//! An adapter from rusqlite connections to SeaORM.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{ErrorCode, OpenFlags, config::DbConfig};
use sea_orm::{DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement, Value};

use super::{
    super::Synchronous,
    deadline::Deadline,
    error::SqliteError,
    value::{read, write},
};
use crate::error::Error;

/// The time to wait for another program's lock on the file.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The capacity of the cache of prepared statements.
const STATEMENT_CACHE: usize = 128;

/// A connection for one thread at a time. The mutex is never contended; it exists because SeaORM requires `Sync`.
pub(super) struct Connection {
    inner: Mutex<rusqlite::Connection>,
    pub(super) deadline: Deadline,
    /// The last error that may concern the file, not the statement.
    file_error: Mutex<Option<(ErrorCode, String)>>,
}

/// The size to which the write-ahead log is truncated.
const JOURNAL_SIZE_LIMIT: u64 = 16 << 20;

impl Connection {
    /// Opens the file for the writer, and creates it if it is missing and `make` is set.
    pub(super) fn writer(path: &Path, synchronous: Synchronous, make: bool) -> Result<Self, Error> {
        let make = if make { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | make, Deadline::default())?;
        let level = match synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        };
        // The writer makes checkpoints itself, to detect other writes to the main file.
        connection.batch(&format!(
            "pragma journal_mode = wal; pragma synchronous = {level}; pragma foreign_keys = on;
             pragma wal_autocheckpoint = 0; pragma journal_size_limit = {JOURNAL_SIZE_LIMIT}"
        ))?;
        Ok(connection)
    }

    /// Opens a connection that leaves the file's mode as it is.
    pub(super) fn alone(path: &Path, writes: bool, deadline: Deadline) -> Result<Self, Error> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, deadline)?;
        if !writes {
            connection.batch("pragma query_only = on")?;
        }
        Ok(connection)
    }

    /// Opens a read-only connection.
    pub(super) fn reader(path: &Path, deadline: Deadline) -> Result<Self, Error> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, deadline)?;
        connection.batch("pragma query_only = on")?;
        Ok(connection)
    }

    /// Takes the last error that may concern the file.
    pub(super) fn take_file_error(&self) -> Option<(ErrorCode, String)> {
        self.file_error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Prevents a checkpoint on close, because the file at the path may not be the one that this connection has open.
    pub(super) fn disable_checkpoint_on_close(&self) {
        if let Err(error) = self.lock().set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
            tracing::warn!(%error, "SQLite may checkpoint the write-ahead log when the connection closes");
        }
    }

    /// Runs statements without values and rows.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Error> {
        let connection = self.lock();
        let outcome = match sql.contains(';') {
            true => connection.execute_batch(sql),
            false => connection.prepare_cached(sql).and_then(|mut prepared| {
                // `pragma` returns a row, which `execute` rejects.
                prepared.query([]).and_then(|mut rows| rows.next().map(drop))
            }),
        };
        outcome.map_err(|error| self.failure(&error).into())
    }

    /// Rolls back the open transaction, if there is one.
    pub(super) fn rollback(&self) {
        if !self.is_idle()
            && let Err(error) = self.batch("rollback")
        {
            tracing::error!(%error, "a SQLite transaction could not be rolled back");
        }
    }

    /// A number that changes whenever another connection of any process commits (`pragma data_version`).
    pub(super) fn data_version(&self) -> Result<i64, Error> {
        let connection = self.lock();
        let version = connection
            .prepare_cached("pragma data_version")
            .and_then(|mut prepared| prepared.query_one([], |row| row.get(0)));
        version.map_err(|error| self.failure(&error).into())
    }

    /// Whether no transaction is open.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_autocommit()
    }

    /// Sets the time to wait for other programs' locks.
    pub(super) fn set_busy_timeout(&self, timeout: Duration) -> Result<(), Error> {
        self.lock().busy_timeout(timeout).map_err(|error| self.failure(&error).into())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, rusqlite::Connection> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Converts an error for SeaORM, and records it if it may concern the file.
    pub(super) fn failure(&self, error: &rusqlite::Error) -> DbErr {
        if let Some(code) = error.sqlite_error_code().filter(|code| concerns_file(*code)) {
            let mut file_error = self.file_error.lock().unwrap_or_else(PoisonError::into_inner);
            *file_error = Some((code, error.to_string()));
        }
        SqliteError::wrap(error)
    }

    fn query(&self, statement: &Statement) -> rusqlite::Result<Vec<ProxyRow>> {
        self.deadline.check()?;
        let connection = self.lock();
        let (sql, values) = with_literal_limit(statement);
        let mut prepared = connection.prepare_cached(&sql)?;
        bind(&mut prepared, values)?;
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
        self.deadline.check()?;
        let connection = self.lock();
        if statement.values.is_none() && statement.sql.contains(';') {
            connection.execute_batch(&statement.sql)?;
            return Ok(ProxyExecResult::default());
        }
        let mut prepared = connection.prepare_cached(&statement.sql)?;
        bind(&mut prepared, values_of(statement))?;
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

fn open(path: &Path, flags: OpenFlags, deadline: Deadline) -> Result<Connection, Error> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            deadline.install(&connection)?;
            connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
            Ok(connection)
        })
        .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
    Ok(Connection { inner: Mutex::new(connection), deadline, file_error: Mutex::default() })
}

fn values_of(statement: &Statement) -> &[Value] {
    statement.values.as_ref().map_or(&[], |values| &values.0)
}

/// The statement with a literal `LIMIT 1`. SeaORM binds the limit of a query for one row, and SQLite prepares a statement
/// again when a bound limit is set, because the plan depends on it.
fn with_literal_limit(statement: &Statement) -> (Cow<'_, str>, &[Value]) {
    let values = values_of(statement);
    match (statement.sql.strip_suffix(" LIMIT ?"), values.split_last()) {
        (Some(query), Some((Value::BigUnsigned(Some(1)), values))) => {
            (format!("{query} LIMIT 1").into(), values)
        }
        _ => (statement.sql.as_str().into(), values),
    }
}

fn bind(prepared: &mut rusqlite::CachedStatement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for (at, value) in values.iter().enumerate() {
        prepared.raw_bind_parameter(at + 1, write(value)?)?;
    }
    Ok(())
}

/// Whether the error may be caused by the file or the disk.
fn concerns_file(code: ErrorCode) -> bool {
    use ErrorCode::*;
    matches!(
        code,
        DatabaseBusy
            | DiskFull
            | SystemIoFailure
            | ReadOnly
            | CannotOpen
            | DatabaseCorrupt
            | NotADatabase
            | FileLockingProtocolFailed
    )
}

/// The connection as SeaORM's proxy. Its futures complete immediately.
pub(super) struct Proxy(pub(super) Arc<Connection>);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy(SQLite)")
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        self.0.query(&statement).map_err(|error| self.0.failure(&error))
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        self.0.execute(&statement).map_err(|error| self.0.failure(&error))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;
    use sea_orm::DbBackend;

    use super::*;

    #[test]
    fn query_for_one_row_is_prepared_once() {
        let folder = tempfile::tempdir().unwrap();
        let connection =
            open(&folder.path().join("gym.db"), OpenFlags::default(), Deadline::default()).unwrap();
        connection
            .lock()
            .execute_batch("create table gyms (id integer); insert into gyms values (7), (7)")
            .unwrap();
        let values: [Value; 2] = [7_i64.into(), 1_u64.into()];
        let query = |limit| format!("SELECT id FROM gyms WHERE id = ? LIMIT {limit}");
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, query("?"), values);
        for _ in 0..3 {
            assert_eq!(connection.query(&statement).unwrap().len(), 1);
        }
        let connection = connection.lock();
        let prepared = connection.prepare_cached(&query("1")).unwrap();
        let count = |status| prepared.get_status(status);
        assert_eq!((count(StatementStatus::Run), count(StatementStatus::RePrepare)), (3, 0));
    }
}
