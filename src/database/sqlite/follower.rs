//! A connection that reads, and notices when others have written.

use std::{cell::Cell, time::Duration};

use super::Handle;
use crate::{database::Transaction, error::Error};

/// How often to ask whether the file has changed, which costs a few microseconds.
const TICK: Duration = Duration::from_millis(50);
/// Ticks after which to look in any case: reading must be seen to work.
const TICKS: u32 = 20;

/// A connection that follows the file.
pub struct Follower {
    handle: Handle,
    /// SQLite's count of what other connections have committed, when it was last read.
    version: Cell<Option<i64>>,
}

impl Follower {
    pub(super) fn new(handle: Handle) -> Self {
        Self { handle, version: Cell::new(None) }
    }

    /// Runs `work` between `begin` and `rollback`: one picture, nothing written.
    pub(in crate::database) async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // Before it begins: what is committed in between is seen, and looked for once more.
        self.version.set(self.handle.connection.data_version().ok());
        self.handle.connection.batch("begin")?;
        let outcome = work(&self.handle.transaction).await;
        self.handle.connection.undo();
        outcome
    }

    pub(in crate::database) async fn rung(&self) {
        for _ in 0..TICKS {
            tokio::time::sleep(TICK).await;
            if self.handle.connection.data_version().ok() != self.version.get() {
                return;
            }
        }
    }
}
