//! A cache of coalesced frames, which clients with the same starting point share.

use std::collections::HashMap;

use socketio::Frame;

use super::SnapshotFormat;

/// The size of the cache of coalesced frames. After an outage many clients resume from few cursors.
const COALESCED_BYTES: usize = 16 * 1024 * 1024;

/// The start of a coalesced frame.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum CoalesceKey {
    Number(u64),
    Cursor(String),
}

/// Coalesced frames up to one revision.
#[derive(Default)]
pub(super) struct CoalescedFrames {
    revision: u64,
    bytes: usize,
    frames: HashMap<(CoalesceKey, SnapshotFormat), (Frame, u64)>,
}

impl CoalescedFrames {
    pub(super) fn get(&self, revision: u64, after: &(CoalesceKey, SnapshotFormat)) -> Option<(Frame, u64)> {
        self.frames.get(after).filter(|_| self.revision == revision).cloned()
    }

    pub(super) fn insert(
        &mut self,
        revision: u64,
        after: (CoalesceKey, SnapshotFormat),
        (frame, number): (Frame, u64),
    ) {
        if revision > self.revision || self.bytes + frame.len() > COALESCED_BYTES {
            *self = Self { revision: revision.max(self.revision), ..Self::default() };
        }
        if revision == self.revision {
            self.bytes += frame.len();
            self.frames.insert(after, (frame, number));
        }
    }
}
