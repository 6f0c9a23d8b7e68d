//! What a database says when it does not do as it is asked, sorted by what is to be done about it.

use sea_orm::{DbErr, RuntimeErr, SqlxError, sqlx::postgres::PgDatabaseError};

use super::{postgres, sqlite, violation};
use crate::error::Error;

/// Characters of a sentence of the database that are passed on.
const LONGEST: usize = 300;

/// What an error of the database means to the request that met it.
pub(crate) fn judge(error: DbErr) -> Error {
    let source = match &error {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => return Error::Unavailable(error.to_string()),
        DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source)) => {
            source.clone()
        }
        _ => return Error::Database(error),
    };
    let Some(refusal) = source.as_database_error() else {
        // No answer at all, so the connection is at fault: closed, timed out, or garbled.
        return match &*source {
            SqlxError::RowNotFound
            | SqlxError::ColumnNotFound(_)
            | SqlxError::ColumnDecode { .. }
            | SqlxError::Decode(_) => Error::Database(error),
            _ => Error::Unavailable(error.to_string()),
        };
    };
    if let Some(refusal) = refusal.try_downcast_ref::<PgDatabaseError>() {
        postgres::judge(refusal, error)
    } else if let Some(refusal) = refusal.try_downcast_ref::<sqlite::Refusal>() {
        sqlite::judge(refusal, error)
    } else {
        Error::Database(error)
    }
}

/// The same of a statement that does nothing but lock rows by their keys: one that took too long has waited for other
/// transactions, perhaps for one after another.
pub(crate) fn judge_lock(error: DbErr) -> Error {
    match postgres::is_cut_off(&error) {
        true => Error::Locked(error.to_string()),
        false => judge(error),
    }
}

/// A sentence of the database as clients may read it: one line, and not without end.
pub(super) fn sentence(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.is_empty() => "the database refuses it, and does not say why".into(),
        None => line,
    }
}

/// A violation, as yet without a field.
pub(super) fn violated(violation: violation::Violation) -> Error {
    Error::Violation(Box::new(violation))
}
