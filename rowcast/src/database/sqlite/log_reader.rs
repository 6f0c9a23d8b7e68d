//! A connection that reads the change log, and detects writes of other connections.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use super::reader::Reader;
use crate::{database::Transaction, error::Error};

/// The interval of checks for changes, which take a few microseconds.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// The number of checks after which the log is read in any case, to prove that reading works.
const MAX_CHECKS: u32 = 20;

/// A connection for reading the change log.
pub struct LogReader {
    reader: RefCell<Reader>,
    /// The number of the opening that is read.
    opening: u64,
    /// SQLite's `data_version` at the last read.
    version: Cell<Option<i64>>,
}

impl LogReader {
    pub(super) fn new(reader: Reader) -> Result<Self, Error> {
        let opening = reader.gate.opening()?.number;
        Ok(Self { reader: RefCell::new(reader), opening, version: Cell::new(None) })
    }

    /// Runs `work` over one snapshot. Fails after the file has been reopened, until [`reconnect`](Self::reconnect): it
    /// may be another database.
    pub(in crate::database) async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let handle = self.reader.borrow_mut().handle()?;
        if !self.is_same() {
            return Err(Error::Unavailable("the database file has been reopened".into()));
        }
        // Read before `begin`: a commit in between is read now, and triggers another read.
        self.version.set(handle.connection.data_version().ok());
        handle.connection.batch("begin")?;
        let outcome = work(&handle.transaction).await;
        handle.connection.rollback();
        let verified = self.reader.borrow().verify();
        outcome.and_then(|value| verified.map(|()| value))
    }

    pub(in crate::database) async fn wait_for_external_write(&self) {
        for _ in 0..MAX_CHECKS {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let Ok(handle) = self.reader.borrow_mut().handle() else { return };
            if !self.is_same() || handle.connection.data_version().ok() != self.version.get() {
                return;
            }
        }
    }

    /// Uses the current opening; true if it is another one.
    pub(in crate::database) fn reconnect(&mut self) -> bool {
        let now = self.reader.get_mut().gate.opening().map_or(self.opening, |opening| opening.number);
        std::mem::replace(&mut self.opening, now) != now
    }

    fn is_same(&self) -> bool {
        self.reader.borrow().gate.opening().is_ok_and(|opening| opening.number == self.opening)
    }
}
