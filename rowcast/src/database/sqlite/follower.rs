//! A connection that reads, and notices when others have written.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use super::reader::Reader;
use crate::{database::Transaction, error::Error};

/// How often to ask whether the file has changed, which costs a few microseconds.
const TICK: Duration = Duration::from_millis(50);
/// Ticks after which to look in any case: reading must be seen to work.
const TICKS: u32 = 20;

/// A connection that follows the file.
pub struct Follower {
    reader: RefCell<Reader>,
    /// Which opening of the file is followed.
    opening: u64,
    /// SQLite's count of what other connections have committed, when it was last read.
    version: Cell<Option<i64>>,
}

impl Follower {
    pub(super) fn new(reader: Reader) -> Result<Self, Error> {
        let opening = reader.gate.opening()?.number;
        Ok(Self { reader: RefCell::new(reader), opening, version: Cell::new(None) })
    }

    /// Runs `work` between `begin` and `rollback`: one picture, nothing written. Fails once the file has been opened anew, until
    /// [`renew`](Self::renew): it may be another database.
    pub(in crate::database) async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let handle = self.reader.borrow_mut().handle()?;
        if !self.is_same() {
            return Err(Error::Unavailable("the database file has been opened anew".into()));
        }
        // Before it begins: what is committed in between is seen, and looked for once more.
        self.version.set(handle.connection.data_version().ok());
        handle.connection.batch("begin")?;
        let outcome = work(&handle.transaction).await;
        handle.connection.undo();
        let there = self.reader.borrow().is_there();
        outcome.and_then(|value| there.map(|()| value))
    }

    pub(in crate::database) async fn rung(&self) {
        for _ in 0..TICKS {
            tokio::time::sleep(TICK).await;
            let Ok(handle) = self.reader.borrow_mut().handle() else { return };
            if !self.is_same() || handle.connection.data_version().ok() != self.version.get() {
                return;
            }
        }
    }

    /// Follows what is open now; true if that has been opened since.
    pub(in crate::database) fn renew(&mut self) -> bool {
        let now = self.reader.get_mut().gate.opening().map_or(self.opening, |opening| opening.number);
        std::mem::replace(&mut self.opening, now) != now
    }

    fn is_same(&self) -> bool {
        self.reader.borrow().gate.opening().is_ok_and(|opening| opening.number == self.opening)
    }
}
