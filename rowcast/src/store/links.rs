//! Links of a row that is being written: its version has been counted by then, and must not move once more for each.
//!
//! The triggers by which versions move (see the `migration` crate) know that by themselves on PostgreSQL. SQLite keeps
//! nothing for the length of a transaction, so there the row is held in a table that is empty before and after.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::database::Transaction;

const HOLD: &str = "insert into version_holds (collection, row_id) values (?, ?)";
const RELEASE: &str = "delete from version_holds where collection = ? and row_id = ?";

/// Runs `write`, which writes links of the row `id` whose own version is counted already.
///
/// # Errors
/// What `write` returns, or the database. The transaction is to be undone then.
pub async fn counted(
    db: &Transaction,
    collection: &str,
    id: i64,
    write: impl Future<Output = Result<(), DbErr>>,
) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Sqlite {
        return write.await;
    }
    let statement =
        |sql| Statement::from_sql_and_values(DbBackend::Sqlite, sql, [collection.into(), id.into()]);
    db.execute_raw(statement(HOLD)).await?;
    write.await?;
    db.execute_raw(statement(RELEASE)).await?;
    Ok(())
}
