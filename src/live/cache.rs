//! Every row as serialised JSON, in id order: what a snapshot is made of.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use socketio::{Frame, FrameWriter};

/// The rows of one collection.
#[derive(Default)]
pub(super) struct Cache {
    rows: BTreeMap<i64, Box<RawValue>>,
    bytes: usize,
}

impl Cache {
    /// Takes the row as it is now, or its absence. True if that is news.
    pub(super) fn set(&mut self, id: i64, row: Option<Box<RawValue>>) -> bool {
        let new = row.as_ref().map_or(0, |row| row.get().len());
        let same = match (self.rows.get(&id), &row) {
            (Some(old), Some(new)) => old.get() == new.get(),
            (None, None) => true,
            _ => false,
        };
        if same {
            return false;
        }
        let old = match row {
            Some(row) => self.rows.insert(id, row),
            None => self.rows.remove(&id),
        };
        self.bytes = self.bytes + new - old.map_or(0, |old| old.get().len());
        true
    }

    pub(super) fn ids(&self) -> Vec<i64> {
        self.rows.keys().copied().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of JSON held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The snapshot event, encoded once for everybody: `[rows, {"cursor": …}]`.
    pub(super) fn snapshot(&self, event: &str, cursor: &str) -> Frame {
        let mut frame = FrameWriter::event(event, self.bytes + self.rows.len() + cursor.len() + 32);
        let rows = frame.arg();
        rows.push(b'[');
        for (at, row) in self.rows.values().enumerate() {
            if at > 0 {
                rows.push(b',');
            }
            rows.extend_from_slice(row.get().as_bytes());
        }
        rows.push(b']');
        frame.arg().extend_from_slice(format!("{{\"cursor\":\"{cursor}\"}}").as_bytes());
        frame.seal()
    }
}
