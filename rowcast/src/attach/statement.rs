//! Statements, and their execution.

use sea_orm::ConnectionTrait;

use crate::{catalog::QualifiedName, error::Error};

/// A statement, and the table that it locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// None if it is about no table.
    pub table: Option<QualifiedName>,
    /// SQL, without a semicolon at the end.
    pub sql: String,
}

impl Statement {
    pub(super) fn of(table: &QualifiedName, sql: impl Into<String>) -> Self {
        Self { table: Some(table.clone()), sql: sql.into() }
    }

    pub(super) fn general(sql: impl Into<String>) -> Self {
        Self { table: None, sql: sql.into() }
    }
}

/// Executes statements in their order, for one node at a time: callers hold the lock of the migrations.
///
/// On PostgreSQL those of one table are one transaction, unless one is open: programs that write other tables then do not
/// wait for them. The caller sets a `lock_timeout` below `deadlock_timeout`, which is 1 s, so that no other program is
/// cancelled in favour of these statements. It repeats from the catalog after an error, because a table may be in use, or
/// have been altered or dropped meanwhile. On SQLite the caller begins and commits.
///
/// # Errors
/// Those of the statements.
pub async fn execute<C: ConnectionTrait>(db: &C, statements: &[Statement]) -> Result<(), Error> {
    for group in statements.chunk_by(|one, other| one.table.is_some() && one.table == other.table) {
        let sql: Vec<&str> = group.iter().map(|statement| &*statement.sql).collect();
        db.execute_unprepared(&sql.join(";\n")).await?;
    }
    Ok(())
}
