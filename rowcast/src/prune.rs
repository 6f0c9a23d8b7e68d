//! Removal of what has been kept for long enough. Each kind is removed beside its own:
//!
//! | what | kept | by |
//! | --- | --- | --- |
//! | entries of the change log | by age and number | [`live::prune()`] |
//! | acks of requests with an id | by age | [`idempotency::prune`] |
//! | commit markers | by age | [`database::prune_commit_markers`] |

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::task::JoinHandle;

use crate::{
    clock,
    database::{self, Database, Transaction},
    error::Error,
    idempotency,
    live::{self, Retention},
};

/// How often to prune.
const INTERVAL: Duration = Duration::from_secs(60);
/// One node prunes at a time: `prune` in ASCII.
const LOCK: i64 = 0x70_7275_6e65;

/// Prunes periodically until it is dropped.
pub(crate) struct Pruner(JoinHandle<()>);

impl Pruner {
    pub(crate) fn start(db: Database, retention: Retention) -> Self {
        Self(actix_web::rt::spawn(run(db, retention)))
    }
}

impl Drop for Pruner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(db: Database, retention: Retention) {
    loop {
        match db.write(async move |db: &Transaction| prune(db, retention).await).await {
            Ok((Some(left), _)) => metrics::gauge!("rowcast_change_log_entries").set(left as f64),
            Ok((None, _)) => {}
            Err(error) => tracing::warn!(%error, "the change log could not be pruned; trying again later"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Returns the number of remaining entries of the change log; none if another node is pruning.
async fn prune(db: &Transaction, retention: Retention) -> Result<Option<i64>, Error> {
    let now = clock::now(db).await?;
    if !lock(db).await? {
        return Ok(None);
    }
    database::prune_commit_markers(db, now).await?;
    idempotency::prune(db, now).await?;
    Ok(live::prune(db, retention, now).await?)
}

/// Locks out other nodes until the transaction ends; false if one of them is pruning. SQLite has one node.
async fn lock(db: &Transaction) -> Result<bool, Error> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(true);
    }
    let try_lock = format!("select pg_try_advisory_xact_lock({LOCK}) as locked");
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, try_lock)).await?;
    row.map_or(Ok(false), |row| Ok(row.try_get("", "locked")?))
}
