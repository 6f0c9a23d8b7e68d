//! Messages between nodes, sent by PostgreSQL's notifications.
//!
//! They use neither the transactions nor the connections of writes. Queued messages are sent together.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::sync::mpsc;

use super::{NodeMessages, TIMEOUT};

/// The channel's name within the database.
pub(super) const CHANNEL: &str = "rowcast_words";
/// The most bytes of a notification, of which PostgreSQL accepts less than 8,000.
const CAPACITY: usize = 7_900;

/// Sends queued messages until the queue is closed.
pub(super) async fn send_all(pool: DatabaseConnection, node: String, mut queue: mpsc::Receiver<String>) {
    let mut next = queue.recv().await;
    while let Some(first) = next.take() {
        let mut text = format!("{node}\n{first}");
        while let Ok(message) = queue.try_recv() {
            if text.len() + 1 + message.len() > CAPACITY {
                next = Some(message);
                break;
            }
            text.push('\n');
            text.push_str(&message);
        }
        let values = [CHANNEL.into(), text.into()];
        let notify = Statement::from_sql_and_values(DbBackend::Postgres, "select pg_notify($1, $2)", values);
        if let Ok(Err(error)) = tokio::time::timeout(TIMEOUT, pool.execute_raw(notify)).await {
            tracing::debug!(%error, "a message to the other nodes could not be sent");
        }
        if next.is_none() {
            next = queue.recv().await;
        }
    }
}

impl NodeMessages {
    /// Delivers the messages of a notification, unless this node has sent them.
    pub(super) fn deliver(&self, payload: &str) {
        let Some((node, messages)) = payload.split_once('\n').filter(|(node, _)| *node != self.node) else {
            return;
        };
        tracing::trace!(node, "messages from another node received");
        for message in messages.split('\n') {
            // There may be no subscriber.
            let _ = self.incoming.send(message.to_owned());
        }
    }
}
