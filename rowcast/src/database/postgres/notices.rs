//! What nodes say to each other, by PostgreSQL's notifications.
//!
//! It does not share a transaction with what it is about, nor a connection with whoever waits for a commit. Words that wait
//! leave together.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::sync::mpsc;

use super::{Notices, PATIENCE};

/// The channel's name within the database.
pub(super) const CHANNEL: &str = "rowcast_words";
/// Bytes of one notification, of which PostgreSQL takes less than 8,000.
const ROOM: usize = 7_900;

/// Takes words to the other nodes, until nobody has any more.
pub(super) async fn take(pool: DatabaseConnection, node: String, mut said: mpsc::Receiver<String>) {
    let mut next = said.recv().await;
    while let Some(first) = next.take() {
        let mut text = format!("{node}\n{first}");
        while let Ok(word) = said.try_recv() {
            if text.len() + 1 + word.len() > ROOM {
                next = Some(word);
                break;
            }
            text.push('\n');
            text.push_str(&word);
        }
        let values = [CHANNEL.into(), text.into()];
        let notify = Statement::from_sql_and_values(DbBackend::Postgres, "select pg_notify($1, $2)", values);
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, pool.execute_raw(notify)).await {
            tracing::debug!(%error, "a word to the other nodes was lost");
        }
        if next.is_none() {
            next = said.recv().await;
        }
    }
}

impl Notices {
    /// Passes on what came, unless it came from here.
    pub(super) fn hear(&self, payload: &str) {
        let Some((node, words)) = payload.split_once('\n').filter(|(node, _)| *node != self.node) else {
            return;
        };
        tracing::trace!(node, "words from another node");
        for word in words.split('\n') {
            // Nobody may be listening.
            let _ = self.heard.send(word.to_owned());
        }
    }
}
