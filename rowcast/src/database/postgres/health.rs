//! Whether writes fail: found out by writing, from the first write that failed on until one succeeds.
//!
//! A standby, a full disk, or a database that has been set to read-only answers reads as if nothing were wrong.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement};
use tokio::sync::Notify;

use super::PATIENCE;
use crate::clock;

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// What is known of it.
#[derive(Default)]
pub(super) struct Health {
    doubt: Notify,
    trouble: Mutex<Option<String>>,
}

impl Health {
    /// A write has failed, and perhaps others will.
    pub(super) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Why writes fail, while they do.
    pub(super) fn trouble(&self) -> Option<String> {
        self.lock().as_ref().map(|reason| format!("writes fail: {reason}"))
    }

    /// A write has succeeded.
    pub(super) fn succeed(&self) {
        if self.lock().take().is_some() {
            tracing::info!("writes to the database succeed again");
        }
    }

    /// Tries whenever there is a doubt. Runs on the database's thread, for as long as that does.
    pub(super) async fn watch(&self, writers: DatabaseConnection) {
        loop {
            self.doubt.notified().await;
            while let Err(reason) = probe(&writers).await {
                if self.lock().replace(reason.clone()).is_none() {
                    tracing::error!(reason, "writes to the database fail: they are tried every second");
                }
                tokio::time::sleep(PAUSE).await;
            }
            self.succeed();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn probe(writers: &DatabaseConnection) -> Result<(), String> {
    let id = uuid::Uuid::new_v4().to_string();
    // A marker of no transaction; it is pruned with those that are.
    let sql = format!("insert into commits (id, at) values ($1, {})", clock::sql(DbBackend::Postgres));
    let insert = Statement::from_sql_and_values(DbBackend::Postgres, sql, [id.into()]);
    match tokio::time::timeout(PATIENCE, writers.execute_raw(insert)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(sentence(&error)),
        Err(_) => Err("the database does not answer".into()),
    }
}

/// The database's own words, if it has said any. What is said about connections may name hosts and users.
fn sentence(error: &DbErr) -> String {
    let said = match error {
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            error.as_database_error().map(|refusal| refusal.message().to_owned())
        }
        _ => None,
    };
    said.unwrap_or_else(|| "the database does not answer".into())
}
