//! Join rows of a row that is being written: they must not increment the row's version again.
//!
//! On PostgreSQL the version triggers (see [`crate::migration::versions`]) recognise this themselves. SQLite has no
//! state of a transaction, so the row is listed in a table that is empty outside of such writes.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use crate::database::Transaction;

const HOLD: &str = "insert into rowcast_version_holds (collection, row_id) values (?, ?)";
const RELEASE: &str = "delete from rowcast_version_holds where collection = ? and row_id = ?";

/// Runs `write`, which writes join rows of the row `id`, without further increments of the row's version.
///
/// # Errors
/// Those of `write` and of the database. The transaction must be rolled back then.
pub async fn with_version_held(
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
