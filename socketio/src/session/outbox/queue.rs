//! The queue's frames, and the state of slots.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::wire::{
    frame::Frame,
    message::{Coalescing, Slot},
};

/// A slot of one namespace: the namespace's address, which is unique while it has sockets, and the slot's number.
pub(crate) type Key = (usize, Slot);

/// State of a slot.
#[derive(Debug)]
pub(super) struct SlotState {
    pub(super) key: Key,
    /// Sequence number of its last frame in the queue; a number below `first` has left.
    pub(super) at: u64,
    /// Its last version.
    pub(super) version: u64,
}

/// A frame that waits, or the place of one that is still to be built.
#[derive(Debug)]
pub(super) struct QueuedFrame {
    pub(super) bytes: Bytes,
    /// Further pieces of a series.
    pub(super) rest: VecDeque<Bytes>,
    pub(super) slot: Option<Key>,
    pub(super) coalescing: Option<Coalescing>,
    /// Whether there are further deltas, so that the bytes have to be built first.
    pub(super) stale: bool,
    pub(super) is_ack: bool,
}

impl QueuedFrame {
    pub(super) fn ordered(bytes: Bytes) -> Self {
        Self { bytes, rest: VecDeque::new(), slot: None, coalescing: None, stale: false, is_ack: false }
    }

    pub(super) fn take(&mut self, frame: &Frame) {
        let mut pieces = frame.pieces().cloned();
        (self.bytes, self.stale) = (pieces.next().unwrap_or_default(), false);
        self.rest = pieces.collect();
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.bytes).chain(&self.rest)
    }

    pub(super) fn len(&self) -> usize {
        self.pieces().map(Bytes::len).sum()
    }
}
