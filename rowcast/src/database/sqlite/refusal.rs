//! What SQLite's refusals mean, by their result codes (sqlite.org/rescode.html).

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

use rusqlite::{ErrorCode, ffi};
use sea_orm::{
    DbErr, RuntimeErr, SqlxError,
    sqlx::error::{DatabaseError, ErrorKind},
};

use crate::{
    database::{
        refusal::{sentence, violated},
        violation::{Broken, Violation},
    },
    error::Error,
};

/// An error of SQLite in the shape in which SeaORM passes errors of databases on.
#[derive(Debug)]
pub(in crate::database) struct Refusal {
    code: ErrorCode,
    extended: i32,
    message: String,
}

impl Refusal {
    /// What `rusqlite` says; mistakes of ours among it have no code.
    pub(super) fn wrap(error: &rusqlite::Error) -> DbErr {
        let Some(source) = error.sqlite_error() else {
            return DbErr::Exec(RuntimeErr::Internal(format!("SQLite: {error}")));
        };
        let refusal = Self { code: source.code, extended: source.extended_code, message: error.to_string() };
        DbErr::Exec(RuntimeErr::SqlxError(Arc::new(SqlxError::Database(Box::new(refusal)))))
    }
}

pub(in crate::database) fn judge(refusal: &Refusal, error: DbErr) -> Error {
    match refusal.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy(refusal.to_string()),
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::ReadOnly
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::NotADatabase
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory => Error::Unavailable(refusal.to_string()),
        ErrorCode::ConstraintViolation => violated(refusal.violation()),
        ErrorCode::TooBig | ErrorCode::TypeMismatch => Error::Refused(sentence(&refusal.message)),
        _ => Error::Database(error),
    }
}

impl Refusal {
    /// SQLite names what refused only in its sentence.
    fn violation(&self) -> Violation {
        let (broken, named) = match self.extended {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => (Broken::Unique, self.after("UNIQUE constraint failed: ")),
            ffi::SQLITE_CONSTRAINT_NOTNULL => (Broken::Missing, self.after("NOT NULL constraint failed: ")),
            ffi::SQLITE_CONSTRAINT_CHECK => (Broken::Check, self.after("CHECK constraint failed: ")),
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => (Broken::Reference, None),
            ffi::SQLITE_CONSTRAINT_DATATYPE => {
                (Broken::Other, self.message.rsplit_once(" column ").map(|(_, at)| at))
            }
            _ => (Broken::Other, None),
        };
        Violation {
            broken,
            sentence: sentence(&self.message),
            schema: None,
            table: None,
            column: None,
            constraint: named.map(str::to_owned),
            writing: None,
        }
    }

    fn after(&self, words: &str) -> Option<&str> {
        self.message.strip_prefix(words)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLite: {}", self.message)
    }
}

impl StdError for Refusal {}

impl DatabaseError for Refusal {
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
