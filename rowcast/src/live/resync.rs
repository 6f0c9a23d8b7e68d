//! The command `resync`: all nodes reload, and earlier cursors become invalid.

use sea_orm::{ConnectionTrait, DbBackend};

use crate::{
    database::{Database, Transaction},
    error::Error,
};

/// An entry of no collection, inserted for its number.
const EVERYTHING: &str = "insert into rowcast_change_log (collection, row_id) values ('*', 0)";
const SQLITE: &str =
    "update rowcast_change_log_state set floor = (select max(seq) + 1 from rowcast_change_log)";
const POSTGRES: &str =
    "update rowcast_change_log_state set floor = greatest(floor, pg_current_xact_id()::text::bigint + 1)";

/// Makes every server on the database reload and publish the differences. Raises the log's floor above all entries,
/// as if they had been pruned; so earlier cursors are invalid, also on servers that start later.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn resync(db: &Database) -> Result<(), Error> {
    let work = async |db: &Transaction| {
        db.execute_unprepared(EVERYTHING).await?;
        let raise = if db.get_database_backend() == DbBackend::Postgres { POSTGRES } else { SQLITE };
        db.execute_unprepared(raise).await?;
        Ok(())
    };
    db.write(work).await.map(drop)
}
