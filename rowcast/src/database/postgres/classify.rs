//! Classification of PostgreSQL's errors by SQLSTATE (manual, appendix A).

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{error::DatabaseError, postgres::PgDatabaseError},
};

use crate::{
    database::{
        classify::{constraint_violation, detached, is_engine_table, sentence},
        violation::{ConstraintKind, Violation},
    },
    error::Error,
};

/// Classes of the server's own codes. Codes of other classes are raised by triggers.
const OWN: [&str; 43] = [
    "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "20", "21", "22", "23", "24",
    "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "53",
    "54", "55", "57", "58", "72", "F0", "HV", "P0", "XX",
];

pub(in crate::database) fn classify(source: &PgDatabaseError, error: DbErr) -> Error {
    if is_old_plan(source) {
        return Error::StaleStatement(error);
    }
    match source.code() {
        "23505" => constraint_violation(violation(ConstraintKind::Unique, source)),
        "23503" | "23001" => constraint_violation(violation(ConstraintKind::Reference, source)),
        "23P01" => constraint_violation(violation(ConstraintKind::Exclusion, source)),
        "23514" => constraint_violation(violation(ConstraintKind::Check, source)),
        "23502" => constraint_violation(violation(ConstraintKind::NotNull, source)),
        // The author of a trigger may have chosen one of the server's own codes.
        _ if is_raised(source) => constraint_violation(violation(ConstraintKind::Other, source)),
        // serialization failure; deadlock
        "40001" | "40P01" => Error::Retryable(error),
        "55P03" => Error::Locked(error.to_string()),
        // statement cancelled by its timeout; read-only while failing over; ended while idle
        "57014" | "25006" | "25P03" => Error::Unavailable(error.to_string()),
        "42501" => Error::Refused(sentence(source.message())),
        // undefined table
        "42P01" if is_engine_table(source.message()) => Error::Unavailable(detached(source.message())),
        code => match code.get(..2).unwrap_or_default() {
            // connection exceptions, insufficient resources (disk full among them), operator intervention, I/O
            "08" | "53" | "57" | "58" => Error::Unavailable(error.to_string()),
            // cardinality, data and integrity; triggered actions and routines; views with a check; raised by hand
            "09" | "21" | "22" | "23" | "27" | "38" | "39" | "44" | "P0" => {
                constraint_violation(violation(ConstraintKind::Other, source))
            }
            class if !OWN.contains(&class) => constraint_violation(violation(ConstraintKind::Other, source)),
            _ => Error::Database(error),
        },
    }
}

fn violation(kind: ConstraintKind, source: &PgDatabaseError) -> Violation {
    let owned = |name: Option<&str>| name.map(str::to_owned);
    Violation {
        kind,
        sentence: sentence(source.message()),
        schema: owned(source.schema()),
        table: owned(source.table()),
        column: owned(source.column()),
        constraint: owned(PgDatabaseError::constraint(source)),
        target: None,
    }
}

/// Whether a statement was cancelled by its timeout.
pub(in crate::database) fn is_statement_timeout(error: &DbErr) -> bool {
    database_error(error).is_some_and(|source| source.code() == "57014" && !is_raised(source))
}

/// Whether a statement names a table, column or type that is not there, or not of the type that it was.
pub(in crate::database) fn is_altered_table(source: &PgDatabaseError) -> bool {
    // undefined column, table, type and schema; an operator or a conversion that the new type does not have
    let is_altered = matches!(source.code(), "42703" | "42P01" | "42704" | "3F000" | "42883" | "42804");
    // Errors of functions have a context.
    is_altered && source.r#where().is_none()
}

/// Whether a prepared statement is stale: its table has changed, or the server has lost it.
pub(in crate::database) fn is_stale(error: &DbErr) -> bool {
    database_error(error).is_some_and(is_old_plan)
}

fn database_error(error: &DbErr) -> Option<&PgDatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source))) = error
    else {
        return None;
    };
    source.as_database_error().and_then(<dyn DatabaseError>::try_downcast_ref)
}

/// Whether a PL/pgSQL function raised it.
fn is_raised(source: &PgDatabaseError) -> bool {
    source.routine() == Some("exec_stmt_raise")
}

/// "Cached plan must not change result type", whatever the server's language; "prepared statement does not exist" and
/// "already exists".
fn is_old_plan(source: &PgDatabaseError) -> bool {
    match source.code() {
        _ if is_raised(source) => false,
        "0A000" => source.routine() == Some("RevalidateCachedQuery"),
        "26000" | "42P05" => true,
        _ => false,
    }
}
