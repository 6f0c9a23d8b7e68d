//! Read connections: one for each opening of the file, closed when the gate closes.

use std::{path::PathBuf, sync::Arc};

use rusqlite::ErrorCode;

use super::{
    Handle,
    connection::Connection,
    deadline::Deadline,
    gate::{Gate, Opening},
};
use crate::error::Error;

pub(super) struct Reader {
    path: PathBuf,
    pub(super) gate: Arc<Gate>,
    open: Option<(Opening, Arc<Handle>)>,
}

impl Reader {
    /// # Errors
    /// [`Error::Unavailable`] if the file cannot be opened.
    pub(super) fn new(path: PathBuf, gate: Arc<Gate>) -> Result<Self, Error> {
        let mut reader = Self { path, gate, open: None };
        reader.handle()?;
        Ok(reader)
    }

    /// A connection to the current opening of the file.
    pub(super) fn handle(&mut self) -> Result<Arc<Handle>, Error> {
        let opening = match self.gate.opening() {
            Ok(opening) => opening,
            Err(closed) => {
                self.close();
                return Err(closed);
            }
        };
        if let Some((of, handle)) = &self.open
            && of.number == opening.number
        {
            return Ok(handle.clone());
        }
        self.close();
        let handle = Arc::new(self.open(&opening)?);
        self.open = Some((opening, handle.clone()));
        Ok(handle)
    }

    fn open(&self, opening: &Opening) -> Result<Handle, Error> {
        // The guard first: the writer waits for all guards after closing the gate.
        let guard = self.gate.enter();
        if self.gate.is_closed() {
            return Err(self.gate.opening().err().unwrap_or_else(replaced));
        }
        let connection = Connection::reader(&self.path, Deadline::within(Some(self.gate.clone())))?;
        let handle = Handle::new(connection, Some(guard));
        if opening.files.check().is_err() {
            handle.connection.disable_checkpoint_on_close();
            self.gate.request_check();
            return Err(replaced());
        }
        Ok(handle)
    }

    /// Fails if the file at the path is not the one that was read.
    pub(super) fn verify(&self) -> Result<(), Error> {
        let Some((opening, handle)) = &self.open else { return Err(replaced()) };
        if let Some((ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _)) =
            handle.connection.take_file_error()
        {
            self.gate.report_damage();
        }
        if opening.files.check().is_err() {
            self.gate.request_check();
            return Err(replaced());
        }
        Ok(())
    }

    /// Closes the connection if the gate is closed.
    pub(super) fn close_if_gate_closed(&mut self) {
        if self.gate.is_closed() {
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some((_, handle)) = self.open.take() {
            handle.connection.disable_checkpoint_on_close();
        }
    }
}

fn replaced() -> Error {
    Error::Unavailable("the database file is not the one that was opened".into())
}
