//! Classification of SQLite's errors by result code (sqlite.org/rescode.html).

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

use rusqlite::{ErrorCode, ffi};
use sea_orm::{
    DbErr, RuntimeErr, SqlxError,
    sqlx::error::{DatabaseError, ErrorKind},
};

use crate::{
    database::{
        classify::{constraint_violation, detached, is_engine_table, sentence},
        violation::{ConstraintKind, Violation},
    },
    error::Error,
};

/// An error of SQLite as a database error of SeaORM.
#[derive(Debug)]
pub(in crate::database) struct SqliteError {
    code: ErrorCode,
    extended: i32,
    message: String,
}

impl SqliteError {
    /// Converts an error of `rusqlite`. Errors of its own, such as wrong parameters, have no code.
    pub(super) fn wrap(error: &rusqlite::Error) -> DbErr {
        let Some(source) = error.sqlite_error() else {
            return DbErr::Exec(RuntimeErr::Internal(format!("SQLite: {error}")));
        };
        let source = Self { code: source.code, extended: source.extended_code, message: error.to_string() };
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(SqlxError::Database(Box::new(source)))))
    }
}

pub(in crate::database) fn classify(source: &SqliteError, error: DbErr) -> Error {
    match source.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy(source.to_string()),
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::ReadOnly
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory => Error::Unavailable(source.to_string()),
        ErrorCode::ConstraintViolation => constraint_violation(source.violation()),
        ErrorCode::Unknown
            if source.message.starts_with("no such table: ") && is_engine_table(&source.message) =>
        {
            Error::Unavailable(detached(&source.message))
        }
        ErrorCode::TooBig | ErrorCode::TypeMismatch => Error::Refused(sentence(&source.message)),
        _ => Error::Database(error),
    }
}

impl SqliteError {
    /// Whether a statement names a table or column that is not there. SQLite says so only in its message.
    pub(in crate::database) fn is_altered_table(&self) -> bool {
        self.code == ErrorCode::Unknown
            && (self.message.starts_with("no such table: ")
                || self.message.starts_with("no such column: ")
                || self.message.contains(" has no column named "))
    }

    /// SQLite reports the constraint only in its message.
    fn violation(&self) -> Violation {
        let (kind, named) = match self.extended {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => {
                (ConstraintKind::Unique, self.constraint_after("UNIQUE constraint failed: "))
            }
            ffi::SQLITE_CONSTRAINT_NOTNULL => {
                (ConstraintKind::NotNull, self.constraint_after("NOT NULL constraint failed: "))
            }
            ffi::SQLITE_CONSTRAINT_CHECK => {
                (ConstraintKind::Check, self.constraint_after("CHECK constraint failed: "))
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => (ConstraintKind::Reference, None),
            ffi::SQLITE_CONSTRAINT_DATATYPE => {
                (ConstraintKind::Other, self.message.rsplit_once(" column ").map(|(_, at)| at))
            }
            _ => (ConstraintKind::Other, None),
        };
        Violation {
            kind,
            sentence: sentence(&self.message),
            schema: None,
            table: None,
            column: None,
            constraint: named.map(str::to_owned),
            target: None,
        }
    }

    fn constraint_after(&self, prefix: &str) -> Option<&str> {
        self.message.strip_prefix(prefix)
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLite: {}", self.message)
    }
}

impl StdError for SqliteError {}

impl DatabaseError for SqliteError {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.extended.to_string().into())
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
