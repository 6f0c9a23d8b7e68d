//! What PostgreSQL's refusals mean, by their SQLSTATE (manual, appendix A).

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{error::DatabaseError, postgres::PgDatabaseError},
};

use crate::{
    database::{
        refusal::{sentence, violated},
        violation::{Broken, Violation},
    },
    error::Error,
};

/// Classes that the server itself uses. A code of another one was chosen by the author of a trigger.
const OWN: [&str; 43] = [
    "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "20", "21", "22", "23", "24",
    "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F", "40", "42", "44", "53",
    "54", "55", "57", "58", "72", "F0", "HV", "P0", "XX",
];

pub(in crate::database) fn judge(refusal: &PgDatabaseError, error: DbErr) -> Error {
    if is_old_plan(refusal) {
        return Error::Stale(error);
    }
    match refusal.code() {
        "23505" => violated(violation(Broken::Unique, refusal)),
        "23503" | "23001" => violated(violation(Broken::Reference, refusal)),
        "23P01" => violated(violation(Broken::Exclusion, refusal)),
        "23514" => violated(violation(Broken::Check, refusal)),
        "23502" => violated(violation(Broken::Missing, refusal)),
        // Its author chose the code, which may be one that the server uses when it is in trouble.
        _ if is_raised(refusal) => violated(violation(Broken::Other, refusal)),
        // serialization failure; deadlock
        "40001" | "40P01" => Error::Raced(error),
        "55P03" => Error::Locked(error.to_string()),
        // statement cancelled by its timeout; read-only while failing over; ended while idle
        "57014" | "25006" | "25P03" => Error::Unavailable(error.to_string()),
        "42501" => Error::Refused(sentence(refusal.message())),
        code => match code.get(..2).unwrap_or_default() {
            // connection exceptions, insufficient resources (disk full among them), operator intervention, I/O
            "08" | "53" | "57" | "58" => Error::Unavailable(error.to_string()),
            // cardinality, data and integrity; triggered actions and routines; views with a check; raised by hand
            "09" | "21" | "22" | "23" | "27" | "38" | "39" | "44" | "P0" => {
                violated(violation(Broken::Other, refusal))
            }
            class if !OWN.contains(&class) => violated(violation(Broken::Other, refusal)),
            _ => Error::Database(error),
        },
    }
}

fn violation(broken: Broken, refusal: &PgDatabaseError) -> Violation {
    let owned = |name: Option<&str>| name.map(str::to_owned);
    Violation {
        broken,
        sentence: sentence(refusal.message()),
        schema: owned(refusal.schema()),
        table: owned(refusal.table()),
        column: owned(refusal.column()),
        constraint: owned(PgDatabaseError::constraint(refusal)),
        writing: None,
    }
}

/// Whether a statement was ended because of its time.
pub(in crate::database) fn is_cut_off(error: &DbErr) -> bool {
    refusal(error).is_some_and(|refusal| refusal.code() == "57014" && !is_raised(refusal))
}

/// Whether a statement was prepared for a table that has changed since, or is not prepared where we think it is.
pub(in crate::database) fn is_stale(error: &DbErr) -> bool {
    refusal(error).is_some_and(is_old_plan)
}

fn refusal(error: &DbErr) -> Option<&PgDatabaseError> {
    let (DbErr::Exec(RuntimeErr::SqlxError(source)) | DbErr::Query(RuntimeErr::SqlxError(source))) = error
    else {
        return None;
    };
    source.as_database_error().and_then(<dyn DatabaseError>::try_downcast_ref)
}

/// Whether it is the sentence of a function in PL/pgSQL, by `raise`.
fn is_raised(refusal: &PgDatabaseError) -> bool {
    refusal.routine() == Some("exec_stmt_raise")
}

/// "Cached plan must not change result type", whatever the server's language; "prepared statement does not exist" and
/// "already exists".
fn is_old_plan(refusal: &PgDatabaseError) -> bool {
    match refusal.code() {
        _ if is_raised(refusal) => false,
        "0A000" => refusal.routine() == Some("RevalidateCachedQuery"),
        "26000" | "42P05" => true,
        _ => false,
    }
}
