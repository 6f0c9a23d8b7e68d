//! Writes with a transaction of their own, several at once.

use std::{cell::RefCell, rc::Rc};

use sea_orm::DatabaseConnection;
use tokio::{sync::watch, task::JoinSet};

use super::{
    Commit, commit, pool, roll_back,
    work::{self, Job, Verdict},
};
use crate::error::Error;

/// How often work that lost a race is run again.
const ATTEMPTS: usize = 8;

pub(super) struct Alone {
    pool: DatabaseConnection,
    commits: watch::Sender<u64>,
    running: RefCell<JoinSet<()>>,
}

impl Alone {
    pub(super) fn new(pool: DatabaseConnection, commits: watch::Sender<u64>) -> Self {
        Self { pool, commits, running: RefCell::default() }
    }

    /// Where to ask about transactions of others.
    pub(super) fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Runs a job beside whatever else is running.
    pub(super) fn run(self: &Rc<Self>, mut job: Box<dyn Job>) {
        let me = self.clone();
        let mut running = self.running.borrow_mut();
        while running.try_join_next().is_some() {}
        running.spawn_local(async move {
            let outcome = me.attempt(&mut job).await;
            job.finish(outcome);
        });
    }

    /// Waits for all that are running.
    pub(super) async fn finish(&self) {
        let mut running = self.running.take();
        while running.join_next().await.is_some() {}
    }

    async fn attempt(&self, job: &mut Box<dyn Job>) -> Result<Commit, Error> {
        for _ in 0..ATTEMPTS {
            let transaction = pool::begin(&self.pool).await?;
            let verdict = work::in_time(async { Ok(job.run(&transaction).await) }).await?;
            if verdict != Verdict::Keep || !transaction.has_written() {
                roll_back(transaction);
                if verdict == Verdict::Again {
                    continue;
                }
                return Ok(Commit(*self.commits.borrow()));
            }
            match commit::commit(transaction, &self.pool).await {
                Ok(()) => {}
                Err(Error::Raced(_)) => continue,
                Err(error) => return Err(error),
            }
            self.commits.send_modify(|count| *count += 1);
            return Ok(Commit(*self.commits.borrow()));
        }
        Err(Error::Unavailable("lost the race against other transactions too often".into()))
    }
}
