//! Classification of database errors.

use sea_orm::{DbErr, RuntimeErr, SqlxError, sqlx::postgres::PgDatabaseError};

use super::{postgres, sqlite, violation};
use crate::error::Error;

/// The most characters of a database's message that clients receive.
const MAX_LEN: usize = 300;

/// Converts an error of the database to the error of the request.
pub(crate) fn classify(error: DbErr) -> Error {
    let source = match &error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => return Error::Unavailable(error.to_string()),
        DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source)) => {
            source.clone()
        }
        _ => return Error::Database(error),
    };
    let Some(database_error) = source.as_database_error() else {
        // No response of the server: the connection failed.
        return match &*source {
            SqlxError::RowNotFound
            | SqlxError::ColumnNotFound(_)
            | SqlxError::ColumnDecode { .. }
            | SqlxError::Decode(_) => Error::Database(error),
            _ => Error::Unavailable(error.to_string()),
        };
    };
    if let Some(database_error) = database_error.try_downcast_ref::<PgDatabaseError>() {
        postgres::classify(database_error, error)
    } else if let Some(database_error) = database_error.try_downcast_ref::<sqlite::SqliteError>() {
        sqlite::classify(database_error, error)
    } else {
        Error::Database(error)
    }
}

/// Converts the error of a statement that only locks rows by key: a statement timeout means that it waited for locks.
pub(crate) fn classify_lock_error(error: DbErr) -> Error {
    match postgres::is_statement_timeout(&error) {
        true => Error::Locked(error.to_string()),
        false => classify(error),
    }
}

/// Whether a statement names a table, column or type that is not there, or not of the type that it was. A function or
/// trigger of the database that does so is excepted.
pub(crate) fn is_altered_table(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source))) = error
    else {
        return false;
    };
    let Some(source) = source.as_database_error() else { return false };
    match (source.try_downcast_ref::<PgDatabaseError>(), source.try_downcast_ref::<sqlite::SqliteError>()) {
        (Some(source), _) => postgres::is_altered_table(source),
        (_, Some(source)) => source.is_altered_table(),
        _ => false,
    }
}

/// Whether a message about a missing table names one of the engine's: somebody has removed them under the server.
pub(super) fn is_engine_table(message: &str) -> bool {
    message.contains("rowcast_")
}

/// The reason for the log.
pub(super) fn detached(message: &str) -> String {
    format!("tables of Rowcast are gone from the database, as after `rowcast detach`: {message}")
}

/// The database's message for clients: one line, truncated.
pub(super) fn sentence(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_LEN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.is_empty() => "the database refuses it, and does not say why".into(),
        None => line,
    }
}

/// A violated constraint, before its fields are known.
pub(super) fn constraint_violation(violation: violation::Violation) -> Error {
    Error::Violation(Box::new(violation))
}
