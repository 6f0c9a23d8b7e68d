//! Sequences that are behind their table, because rows were imported with their ids: the sequence is advanced past
//! them.
//!
//! PostgreSQL generates ids without reading the table. SQLite reads it, and does not have this problem.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Pool, Transaction, into_inner, roll_back};
use crate::{
    database::{
        classify,
        violation::{Constraint, ConstraintKind, Violation},
    },
    error::Error,
};

/// The advisory lock held while a sequence is advanced (`ids` in ASCII), so that concurrent nodes never set it back.
const ADVISORY_LOCK: i64 = 0x69_6473;

/// The unused ids that must follow the sequence's new value. Rows far beyond, such as those of a replication
/// subscription, have ids of another database.
const GAP: i64 = 1000;

/// Whether the violation is of an id that the database itself has generated.
pub(super) fn is_behind(violation: &Violation, constraint: &Constraint) -> bool {
    let ours = violation.target.as_ref().is_some_and(|target| target.tables.contains(&&*constraint.table));
    violation.kind == ConstraintKind::Unique
        && constraint.is_primary_key
        && constraint.columns.len() == 1
        && ours
}

/// Advances the sequence past existing ids, to the first gap of a thousand; never sets it back.
///
/// # Errors
/// [`Error::Refused`] with the sequence's name, if this user lacks the privilege.
pub(super) async fn advance_past_imports(
    pool: &Pool,
    violation: &Violation,
    constraint: &Constraint,
) -> Result<(), Error> {
    let schema = violation.schema.as_deref().unwrap_or("public");
    let table = format!("{}.{}", quoted(schema), quoted(&constraint.table));
    let column = constraint.columns.first().map_or("id", |column| column);
    let transaction = pool.begin().await?;
    let Some(sequence) = sequence(&transaction, &table, column).await? else {
        roll_back(transaction);
        return Ok(());
    };
    match advance(&transaction, &sequence, &table, column).await {
        Ok(reached) => {
            into_inner(transaction)?.commit().await?;
            if let Some(reached) = reached {
                tracing::warn!(
                    sequence,
                    table = constraint.table,
                    reached,
                    "a sequence was behind imported ids: it has been advanced past them"
                );
            }
            Ok(())
        }
        Err(Error::Refused(_)) => {
            roll_back(transaction);
            tracing::error!(
                sequence,
                "a sequence is behind the ids of its table, and the database user of this server may not advance it"
            );
            Err(Error::Refused(classify::sentence(&format!(
                "the sequence {sequence} gives out ids that are there already, and this server may not move it: \
                 grant update on it, or move it past them by setval"
            ))))
        }
        Err(error) => {
            roll_back(transaction);
            Err(error)
        }
    }
}

async fn sequence(db: &Transaction, table: &str, column: &str) -> Result<Option<String>, Error> {
    let sql = "select pg_get_serial_sequence($1, $2) as sequence";
    let ask = Statement::from_sql_and_values(DbBackend::Postgres, sql, [table.into(), column.into()]);
    let row = db.query_one_raw(ask).await?;
    Ok(row.map_or(Ok(None), |row| row.try_get("", "sequence"))?)
}

/// The sequence's new value, if it was behind.
async fn advance(db: &Transaction, sequence: &str, table: &str, column: &str) -> Result<Option<i64>, Error> {
    db.execute_unprepared(&format!("select pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    let (column, reached) = (quoted(column), format!("(select last_value from {sequence})"));
    // The catalog returns names quoted where necessary.
    let sql = format!(
        "select setval('{}'::regclass, id)::bigint as reached from (
             select id from (
                 select {column}::bigint as id, lead({column}::bigint) over (order by {column}) as next
                 from {table} where {column} >= {reached}
             ) as ids
             where next is null or next - id > {GAP}
             order by id limit 1
         ) as last_before_gap
         where id > {reached} and exists (
             select 1 from {table} where {column} > {reached} and {column} <= {reached} + {GAP}
         )",
        sequence.replace('\'', "''")
    );
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    Ok(row.map_or(Ok(None), |row| row.try_get("", "reached"))?)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
