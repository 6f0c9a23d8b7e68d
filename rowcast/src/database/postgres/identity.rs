//! Ids that are given out a second time, because rows have been imported with theirs: the sequence steps over them.
//!
//! PostgreSQL does not look at the table when it gives out an id. SQLite does, and needs nothing of this.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Pool, Transaction, roll_back, take};
use crate::{
    database::{
        refusal,
        violation::{Broken, Rule, Violation},
    },
    error::Error,
};

/// Held while a sequence is moved: `ids` in ASCII. Nodes must not take it back behind each other.
const LOCK: i64 = 0x69_6473;

/// Ids that must be free after the place to which a sequence is moved. Rows far beyond, as a subscription applies them, have ids that
/// their own database gives out.
const GAP: i64 = 1000;

/// Whether the row was refused for an id that the database itself had given out.
pub(super) fn is_behind(violation: &Violation, rule: &Rule) -> bool {
    let ours = violation.writing.as_ref().is_some_and(|writing| writing.tables.contains(&&*rule.table));
    violation.broken == Broken::Unique && rule.is_key && rule.columns.len() == 1 && ours
}

/// Moves the sequence past the ids in its way, to where the next thousand are free; never back.
///
/// # Errors
/// [`Error::Refused`], naming the sequence, if this user may not do that.
pub(super) async fn step_over(pool: &Pool, violation: &Violation, rule: &Rule) -> Result<(), Error> {
    let schema = violation.schema.as_deref().unwrap_or("public");
    let table = format!("{}.{}", quoted(schema), quoted(&rule.table));
    let column = rule.columns.first().map_or("id", |column| column);
    let transaction = pool.begin().await?;
    let Some(sequence) = sequence(&transaction, &table, column).await? else {
        roll_back(transaction);
        return Ok(());
    };
    match advance(&transaction, &sequence, &table, column).await {
        Ok(reached) => {
            take(transaction)?.commit().await?;
            if let Some(reached) = reached {
                tracing::warn!(
                    sequence,
                    table = rule.table,
                    reached,
                    "ids were imported past the sequence that gives them out: it was moved past them"
                );
            }
            Ok(())
        }
        Err(Error::Refused(_)) => {
            roll_back(transaction);
            tracing::error!(sequence, "the sequence is behind its table, and this user may not move it");
            Err(Error::Refused(refusal::sentence(&format!(
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

/// What the sequence has been moved to, if it was behind.
async fn advance(db: &Transaction, sequence: &str, table: &str, column: &str) -> Result<Option<i64>, Error> {
    db.execute_unprepared(&format!("select pg_advisory_xact_lock({LOCK})")).await?;
    let (column, reached) = (quoted(column), format!("(select last_value from {sequence})"));
    // Names as the catalog spells them, which quotes what needs it.
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
