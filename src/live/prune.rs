//! Keeps the change log from growing without end.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use tokio::sync::watch;

use super::log::BULK;
use crate::database::{Database, Transaction};

/// Entries that stay. More than [`BULK`]: whoever is so far behind that what it needs is gone has more than that
/// before it, and reads the collections anew instead.
const KEEP: usize = 2 * BULK;
/// How often to look.
const EVERY: Duration = Duration::from_secs(60);

/// Deletes what is older than the newest [`KEEP`] entries, every now and then, until told to stop.
pub(super) async fn run(db: Database, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = db.write(async |db: &Transaction| Ok(prune(db).await?)).await {
            tracing::warn!(%error, "the change log could not be pruned; trying again later");
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn prune(db: &Transaction) -> Result<(), sea_orm::DbErr> {
    let sql = format!("delete from change_log where seq <= (select max(seq) from change_log) - {KEEP}");
    db.execute_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(())
}
