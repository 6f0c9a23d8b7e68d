//! One rusqlite connection, as SeaORM wants to see it.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{ErrorCode, OpenFlags, config::DbConfig};
use sea_orm::{DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement, Values};

use super::{
    super::Synchronous,
    limit::Limit,
    refusal::Refusal,
    value::{read, write},
};
use crate::error::Error;

/// How long to wait for another program's lock on the file.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Statements kept prepared, least recently used out first.
const PREPARED: usize = 128;

/// A connection that one thread at a time uses. The mutex is never contended; it is there because SeaORM wants
/// connections that can be shared.
pub(super) struct Connection {
    inner: Mutex<rusqlite::Connection>,
    pub(super) limit: Limit,
    /// The last failure that may have to do with the file, not with the statement.
    trouble: Mutex<Option<(ErrorCode, String)>>,
}

/// Bytes that the write-ahead log keeps when it begins anew.
const LOG_KEPT: u64 = 16 << 20;

impl Connection {
    /// Opens the file, making it if it is missing and `make` says so, for the one thread that writes.
    pub(super) fn writer(path: &Path, synchronous: Synchronous, make: bool) -> Result<Self, Error> {
        let make = if make { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | make, Limit::default())?;
        let level = match synchronous {
            Synchronous::Full => "full",
            Synchronous::Normal => "normal",
        };
        // Checkpoints are made by the writer itself, which knows then what else has written to the file.
        connection.batch(&format!(
            "pragma journal_mode = wal; pragma synchronous = {level}; pragma foreign_keys = on;
             pragma wal_autocheckpoint = 0; pragma journal_size_limit = {LOG_KEPT}"
        ))?;
        Ok(connection)
    }

    /// For reading alone: a statement that writes is refused.
    pub(super) fn reader(path: &Path, limit: Limit) -> Result<Self, Error> {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, limit)?;
        connection.batch("pragma query_only = on")?;
        Ok(connection)
    }

    /// What has failed since this was asked last that may have to do with the file.
    pub(super) fn take_trouble(&self) -> Option<(ErrorCode, String)> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Closing must not touch what is at the path: it is not, or may not be, what this connection has open.
    pub(super) fn leave_files_alone(&self) {
        if let Err(error) = self.lock().set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
            tracing::warn!(%error, "SQLite may move the write-ahead log on closing");
        }
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
        outcome.map_err(|error| self.failure(&error).into())
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
        version.map_err(|error| self.failure(&error).into())
    }

    /// Whether no transaction is open.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_autocommit()
    }

    /// How long another program's lock is waited for from now on.
    pub(super) fn wait_for_locks(&self, patience: Duration) -> Result<(), Error> {
        self.lock().busy_timeout(patience).map_err(|error| self.failure(&error).into())
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, rusqlite::Connection> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failure as SeaORM knows it. It is kept in mind if the file may be to blame.
    pub(super) fn failure(&self, error: &rusqlite::Error) -> DbErr {
        if let Some(code) = error.sqlite_error_code().filter(|code| concerns_the_file(*code)) {
            let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            *trouble = Some((code, error.to_string()));
        }
        Refusal::wrap(error)
    }

    fn query(&self, statement: &Statement) -> rusqlite::Result<Vec<ProxyRow>> {
        self.limit.check()?;
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
        self.limit.check()?;
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

fn open(path: &Path, flags: OpenFlags, limit: Limit) -> Result<Connection, Error> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(path, flags)
        .and_then(|connection| {
            connection.busy_timeout(BUSY)?;
            limit.guard(&connection)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            Ok(connection)
        })
        .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
    Ok(Connection { inner: Mutex::new(connection), limit, trouble: Mutex::default() })
}

fn bind(prepared: &mut rusqlite::CachedStatement<'_>, values: Option<&Values>) -> rusqlite::Result<()> {
    for (at, value) in values.iter().flat_map(|values| values.0.iter()).enumerate() {
        prepared.raw_bind_parameter(at + 1, write(value)?)?;
    }
    Ok(())
}

/// Whether it may be the file's fault, or the disk's.
fn concerns_the_file(code: ErrorCode) -> bool {
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
        self.0.query(&statement).map_err(|error| self.0.failure(&error))
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        self.0.execute(&statement).map_err(|error| self.0.failure(&error))
    }
}
