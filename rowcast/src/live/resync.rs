//! the command `resync`: all that was known of the log is given up, once, on every node.

use sea_orm::{ConnectionTrait, DbBackend};

use crate::{
    database::{Database, Transaction},
    error::Error,
};

/// A collection that there is none of: the entry is there to be numbered.
const EVERYTHING: &str = "insert into change_log (collection, row_id) values ('*', 0)";
const SQLITE: &str = "update change_log_state set floor = (select max(seq) + 1 from change_log)";
const POSTGRES: &str =
    "update change_log_state set floor = greatest(floor, pg_current_xact_id()::text::bigint + 1)";

/// Has every server on the database read everything anew and send what differs. Raises the log's floor past all that there
/// is, as if it had been cut off there: so cursors from before are worth nothing, also to servers that start later.
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
