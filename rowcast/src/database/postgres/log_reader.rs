//! A connection that reads the change log, and one that listens for notifications of other nodes' writes.
//!
//! A notification carries no data. The writing node sends it after the commit, not within the transaction, because
//! PostgreSQL serialises the commits of transactions that notify.

use std::{rc::Rc, time::Duration};

use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sqlx::postgres::{PgListener, PgNotification},
};
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    NodeMessages, TIMEOUT, node_messages,
    pool::{self, Pool},
};
use crate::error::Error;

/// The polling interval for writes without a notification: other programs' writes, and lost notifications.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// The delay before listening again after a failure.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// The channel's name within the database.
const CHANNEL: &str = "rowcast";

/// A connection for reading the change log.
pub struct LogReader {
    url: String,
    pool: Pool,
    notification: Rc<Notify>,
    listening: JoinHandle<()>,
    /// This node's id, to ignore its own notifications.
    node: String,
}

impl LogReader {
    /// Must be called within a local set.
    pub(in crate::database) fn new(url: &str, messages: NodeMessages) -> Result<Self, Error> {
        let node = uuid::Uuid::new_v4().to_string();
        let notification = Rc::new(Notify::new());
        let listeners = Pool::new(url, 1, &[])?;
        let listening =
            tokio::task::spawn_local(listen(listeners, node.clone(), notification.clone(), messages));
        Ok(Self { url: url.to_owned(), pool: pool::open_log_reader(url)?, notification, listening, node })
    }

    pub(in crate::database) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(in crate::database) async fn wait_for_external_write(&self) {
        let _ = tokio::time::timeout(POLL_INTERVAL, self.notification.notified()).await;
    }

    pub(in crate::database) async fn notify_peers(&self) {
        let values = [CHANNEL.into(), self.node.as_str().into()];
        let notify = Statement::from_sql_and_values(DbBackend::Postgres, "select pg_notify($1, $2)", values);
        if let Ok(Err(error)) =
            tokio::time::timeout(TIMEOUT, self.pool.connections().execute_raw(notify)).await
        {
            tracing::debug!(%error, "the other nodes could not be notified; they poll the change log");
        }
    }

    /// Opens a new connection, and closes the old one in the background, because it may hang.
    pub(in crate::database) fn reconnect(&mut self) -> bool {
        if let Ok(pool) = pool::open_log_reader(&self.url) {
            let old = std::mem::replace(&mut self.pool, pool);
            tokio::task::spawn_local(old.close());
        }
        true
    }
}

impl Drop for LogReader {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Signals each notification of another node, and each gap in which one may have been lost.
async fn listen(pool: Pool, node: String, notification: Rc<Notify>, messages: NodeMessages) {
    loop {
        if let Err(error) = listen_once(&pool, &node, &notification, &messages).await {
            tracing::debug!(%error, "notifications cannot be received; polling the change log");
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

async fn listen_once(
    pool: &Pool,
    node: &str,
    notification: &Notify,
    messages: &NodeMessages,
) -> Result<(), sea_orm::SqlxError> {
    let mut listener = PgListener::connect_with(pool.connections().get_postgres_connection_pool()).await?;
    listener.listen_all([CHANNEL, node_messages::CHANNEL]).await?;
    let foreign = |other: &PgNotification| other.payload() != node;
    loop {
        match listener.try_recv().await? {
            Some(message) if message.channel() == node_messages::CHANNEL => {
                messages.deliver(message.payload())
            }
            // `None`: the connection was lost, and is back.
            other if other.as_ref().is_none_or(foreign) => notification.notify_one(),
            _ => {}
        }
    }
}
