//! A connection that reads, for as long as the gate is open; a new one for each opening of the file.

use std::{path::PathBuf, sync::Arc};

use rusqlite::ErrorCode;

use super::{
    Handle,
    connection::Connection,
    gate::{Gate, Opening},
    limit::Limit,
};
use crate::error::Error;

pub(super) struct Reader {
    path: PathBuf,
    pub(super) gate: Arc<Gate>,
    open: Option<(Opening, Arc<Handle>)>,
}

impl Reader {
    /// Opens the file for the first time.
    pub(super) fn new(path: PathBuf, gate: Arc<Gate>) -> Result<Self, Error> {
        let mut reader = Self { path, gate, open: None };
        reader.handle()?;
        Ok(reader)
    }

    /// A connection to what is at the path now, or why there is none.
    pub(super) fn handle(&mut self) -> Result<Arc<Handle>, Error> {
        let opening = match self.gate.opening() {
            Ok(opening) => opening,
            Err(closed) => {
                self.let_go();
                return Err(closed);
            }
        };
        if let Some((of, handle)) = &self.open
            && of.number == opening.number
        {
            return Ok(handle.clone());
        }
        self.let_go();
        let handle = Arc::new(self.open(&opening)?);
        self.open = Some((opening, handle.clone()));
        Ok(handle)
    }

    fn open(&self, opening: &Opening) -> Result<Handle, Error> {
        // The pass first: whoever closes the gate waits for those who hold one.
        let pass = self.gate.enter();
        if self.gate.is_closed() {
            return Err(self.gate.opening().err().unwrap_or_else(away));
        }
        let connection = Connection::reader(&self.path, Limit::within(Some(self.gate.clone())))?;
        let handle = Handle::new(connection, Some(pass));
        if opening.place.look().is_err() {
            handle.connection.leave_files_alone();
            self.gate.suspect();
            return Err(away());
        }
        Ok(handle)
    }

    /// Whether what was read came from the file at the path, as far as that can be seen.
    pub(super) fn is_there(&self) -> Result<(), Error> {
        let Some((opening, handle)) = &self.open else { return Err(away()) };
        if let Some((ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _)) =
            handle.connection.take_trouble()
        {
            self.gate.suspect_damage();
        }
        if opening.place.look().is_err() {
            self.gate.suspect();
            return Err(away());
        }
        Ok(())
    }

    /// Closes the connection if the gate is closed.
    pub(super) fn heed(&mut self) {
        if self.gate.is_closed() {
            self.let_go();
        }
    }

    fn let_go(&mut self) {
        if let Some((_, handle)) = self.open.take() {
            handle.connection.leave_files_alone();
        }
    }
}

fn away() -> Error {
    Error::Unavailable("the database file is not the one that was opened".into())
}
