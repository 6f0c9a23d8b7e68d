//! A connection that reads, and one that is told when another node has written.
//!
//! A ring is only a bell: it says nothing but "look". It is rung after the commit, by the node that made it, not within
//! its transaction: PostgreSQL lets transactions that notify commit only one after another.

use std::{rc::Rc, time::Duration};

use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sqlx::postgres::{PgListener, PgNotification},
};
use tokio::{sync::Notify, task::JoinHandle};

use super::{
    Notices, PATIENCE, notices,
    pool::{self, Pool},
};
use crate::error::Error;

/// How often to look for what nobody rang for: other programs' writes, and bells that were lost.
const TICK: Duration = Duration::from_millis(250);
/// How long to wait before listening again after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// The bell's name within the database.
const CHANNEL: &str = "rowcast";

/// A connection that follows the database.
pub struct Follower {
    url: String,
    pool: Pool,
    bell: Rc<Notify>,
    listening: JoinHandle<()>,
    /// Tells our own rings from others'.
    node: String,
}

impl Follower {
    /// On the thread that calls this, within a local set.
    pub(in crate::database) fn new(url: &str, notices: Notices) -> Result<Self, Error> {
        let node = uuid::Uuid::new_v4().to_string();
        let bell = Rc::new(Notify::new());
        let listeners = Pool::new(url, 1, &[])?;
        let listening = tokio::task::spawn_local(listen(listeners, node.clone(), bell.clone(), notices));
        Ok(Self { url: url.to_owned(), pool: pool::following(url)?, bell, listening, node })
    }

    pub(in crate::database) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(in crate::database) async fn rung(&self) {
        let _ = tokio::time::timeout(TICK, self.bell.notified()).await;
    }

    pub(in crate::database) async fn ring(&self) {
        let values = [CHANNEL.into(), self.node.as_str().into()];
        let ring = Statement::from_sql_and_values(DbBackend::Postgres, "select pg_notify($1, $2)", values);
        if let Ok(Err(error)) =
            tokio::time::timeout(PATIENCE, self.pool.connections().execute_raw(ring)).await
        {
            tracing::debug!(%error, "the other nodes were not rung; they look by themselves");
        }
    }

    /// Leaves the connection to itself, which may never be heard of again, and takes another.
    pub(in crate::database) fn renew(&mut self) -> bool {
        if let Ok(pool) = pool::following(&self.url) {
            let old = std::mem::replace(&mut self.pool, pool);
            tokio::task::spawn_local(old.close());
        }
        true
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Rings whenever another node does, and after each gap in which it might have.
async fn listen(pool: Pool, node: String, bell: Rc<Notify>, notices: Notices) {
    loop {
        if let Err(error) = listen_once(&pool, &node, &bell, &notices).await {
            tracing::debug!(%error, "no notifications just now; looking by ourselves");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen_once(
    pool: &Pool,
    node: &str,
    bell: &Notify,
    notices: &Notices,
) -> Result<(), sea_orm::SqlxError> {
    let mut listener = PgListener::connect_with(pool.connections().get_postgres_connection_pool()).await?;
    listener.listen_all([CHANNEL, notices::CHANNEL]).await?;
    let foreign = |rung: &PgNotification| rung.payload() != node;
    loop {
        match listener.try_recv().await? {
            Some(word) if word.channel() == notices::CHANNEL => notices.hear(word.payload()),
            // Nothing: the connection was lost, and is back.
            rung if rung.as_ref().is_none_or(foreign) => bell.notify_one(),
            _ => {}
        }
    }
}
