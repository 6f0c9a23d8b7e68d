//! Detection of failing writes: after a failed write, a probe writes until it succeeds.
//!
//! Reads succeed on a standby, with a full disk, and on a database that is set to read-only.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement};
use tokio::sync::Notify;

use super::TIMEOUT;
use crate::clock;

/// The delay between two probes.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The state of writes.
#[derive(Default)]
pub(super) struct WriteHealth {
    failed: Notify,
    trouble: Mutex<Option<String>>,
}

impl WriteHealth {
    /// Records a failed write, and starts the probe.
    pub(super) fn record_failure(&self) {
        self.failed.notify_one();
    }

    /// The reason why writes fail, while they do.
    pub(super) fn trouble(&self) -> Option<String> {
        self.lock().as_ref().map(|reason| format!("writes fail: {reason}"))
    }

    /// Records a successful write.
    pub(super) fn record_success(&self) {
        if self.lock().take().is_some() {
            tracing::info!("writes to the database succeed again");
        }
    }

    /// Probes after each recorded failure. Runs on the database's thread until that ends.
    pub(super) async fn monitor(&self, writers: DatabaseConnection) {
        loop {
            self.failed.notified().await;
            while let Err(reason) = probe(&writers).await {
                if self.lock().replace(reason.clone()).is_none() {
                    tracing::error!(reason, "writes to the database fail: they are tried every second");
                }
                tokio::time::sleep(RETRY_DELAY).await;
            }
            self.record_success();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn probe(writers: &DatabaseConnection) -> Result<(), String> {
    let id = uuid::Uuid::new_v4().to_string();
    // A marker without a transaction; it is pruned with the others.
    let sql =
        format!("insert into rowcast_commits (id, at) values ($1, {})", clock::sql(DbBackend::Postgres));
    let insert = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.into()]);
    match tokio::time::timeout(TIMEOUT, writers.execute_raw(insert)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(sentence(&error)),
        Err(_) => Err("the database does not answer".into()),
    }
}

/// The server's message. Messages of connection errors may contain host and user names, and are replaced.
fn sentence(error: &DbErr) -> String {
    let said = match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error.as_database_error().map(|refusal| refusal.message().to_owned())
        }
        _ => None,
    };
    said.unwrap_or_else(|| "the database does not answer".into())
}
