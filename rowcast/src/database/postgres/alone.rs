//! One transaction on a connection of its own.

use sea_orm::sqlx::Connection;

use super::{Pool, connect, into_inner, settings::NO_TIMEOUTS};
use crate::{database::Transaction, error::Error};

/// Runs `work`, and commits if that is wanted and `work` succeeds.
pub(in crate::database) async fn alone<T>(
    url: &str,
    commit: bool,
    work: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
) -> Result<T, Error> {
    // Its errors say what to do, and it waits for a server that is starting.
    let _ = connect(url).await?.close().await;
    let pool = Pool::new(url, 1, &NO_TIMEOUTS)?;
    let transaction = pool.begin().await?;
    let outcome = work(&transaction).await;
    let transaction = into_inner(transaction)?;
    match &outcome {
        Ok(_) if commit => transaction.commit().await?,
        _ => transaction.rollback().await?,
    }
    pool.close().await;
    outcome
}
