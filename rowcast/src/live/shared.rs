//! The published state: shared by the tail's thread and the threads that serve sockets.
//!
//! The state is replaced and broadcast under one lock. So a reader of a version can rely on it that all earlier
//! messages are queued, and their numbers show which of them it includes.

mod publish;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicUsize},
    },
};

use socketio::{Coalesce, Frame, Message};

use super::{
    SnapshotFormat,
    coalesced::{CoalesceKey, CoalescedFrames},
    cursor::Cursor,
    epoch::Epochs,
    history::{ChangedRows, History},
    limit::{LIMITS, Limit},
    position::Position,
    snapshot_format::{FullSnapshot, MissedDelta, ResumeFrame},
    state::{Baseline, CHANGES, CursorContext, StateVersion},
};
pub(super) use publish::Publication;

/// The current state and its history.
pub(super) struct PublishedState {
    state: RwLock<Inner>,
    coalesced: Mutex<CoalescedFrames>,
    pub(super) caught_up: AtomicBool,
    /// Whether there may be other nodes.
    pub(super) is_multi_node: bool,
    /// The number of subscribers by mode.
    pub(super) snapshots: AtomicUsize,
    pub(super) changes: AtomicUsize,
    pub(super) parts: AtomicUsize,
    /// The number of subscribers by message limit.
    pub(super) limited: [LimitedSubscribers; LIMITS],
}

/// The number of subscribers with one message limit.
#[derive(Default)]
pub(super) struct LimitedSubscribers {
    pub(super) snapshots: AtomicUsize,
    pub(super) changes: AtomicUsize,
}

struct Inner {
    version: Arc<StateVersion>,
    /// The position in the log. It is ahead of the version if later entries changed nothing.
    position: Position,
    history: History,
    epochs: Epochs,
    /// Grows with the version and with the history.
    revision: u64,
    /// Versions for clients with a message limit, while there are any.
    limited: BTreeMap<Limit, Arc<StateVersion>>,
}

impl Inner {
    /// The version for a message limit, and the cursor that goes with it.
    fn current(&self, limit: Option<Limit>) -> (Arc<StateVersion>, CursorContext) {
        let version = limit.map_or_else(|| self.version.clone(), |limit| self.limited(limit));
        let cursor = version.for_client(&Cursor::new(self.epochs.current(), &self.position));
        (version, CursorContext { cursor, revision: self.revision, floor: self.history.floor() })
    }

    fn limited(&self, limit: Limit) -> Arc<StateVersion> {
        let known = self.limited.get(&limit).cloned();
        known.unwrap_or_else(|| Arc::new(self.version.limited_to(limit, None)))
    }
}

impl PublishedState {
    pub(super) fn new(
        version: StateVersion,
        position: Position,
        history: History,
        epochs: Epochs,
        is_multi_node: bool,
    ) -> Arc<Self> {
        let state = Inner {
            version: Arc::new(version),
            position,
            history,
            epochs,
            revision: 1,
            limited: BTreeMap::new(),
        };
        Arc::new(Self {
            state: RwLock::new(state),
            coalesced: Mutex::default(),
            caught_up: true.into(),
            is_multi_node,
            snapshots: 0.into(),
            changes: 0.into(),
            parts: 0.into(),
            limited: Default::default(),
        })
    }

    /// The number of changes in the history.
    pub(super) fn history_len(&self) -> usize {
        self.state().history.len()
    }

    /// Adds a version for this message limit.
    pub(super) fn add_limit(&self, limit: Limit) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let version = state.limited(limit);
        state.limited.insert(limit, version);
    }

    /// The current snapshots.
    pub(super) fn all_snapshots(&self, limit: Option<Limit>) -> Vec<Message> {
        let (version, now) = self.state().current(limit);
        version.snapshots(&now, true)
    }

    /// The current state as a client's first message.
    pub(super) fn full_snapshot(self: &Arc<Self>, format: SnapshotFormat) -> Message {
        let (frame, number) = self.full_frame(format);
        Message::delta(CHANGES, number, frame, Arc::new(FullSnapshot(self.clone(), format)))
    }

    pub(super) fn full_frame(&self, format: SnapshotFormat) -> (Frame, u64) {
        let (version, now) = self.state().current(format.limit());
        (format.full_frame(&version, &now), version.number)
    }

    /// The number of subscribers to changes in this format.
    pub(super) fn change_subscribers(&self, format: SnapshotFormat) -> &AtomicUsize {
        match format {
            SnapshotFormat::Snapshots => &self.changes,
            SnapshotFormat::Parts => &self.parts,
            SnapshotFormat::Limited(limit) => &self.limited[limit.index()].changes,
        }
    }

    /// Coalesces the deltas that a client has not been sent.
    fn coalescer(self: &Arc<Self>, format: SnapshotFormat) -> Arc<dyn Coalesce> {
        Arc::new(MissedDelta(self.clone(), format))
    }

    /// The changes after a cursor as a client's first message; none if the cursor is not valid.
    pub(super) fn resume(self: &Arc<Self>, cursor: &Cursor, format: SnapshotFormat) -> Option<Message> {
        let (frame, number) = self.since(cursor, format)?;
        let coalesce = Arc::new(ResumeFrame { shared: self.clone(), cursor: cursor.clone(), format });
        Some(Message::delta(CHANGES, number, frame, coalesce))
    }

    /// Whether this node has read everything that the cursor includes.
    pub(super) fn covers(&self, cursor: &Cursor) -> bool {
        let state = self.state();
        // Another node may already know a new epoch.
        state.epochs.current() == cursor.epoch && state.position.covers(&cursor.position)
    }

    pub(super) fn since(&self, cursor: &Cursor, format: SnapshotFormat) -> Option<(Frame, u64)> {
        let Cursor { epoch, position, .. } = cursor;
        let is_known =
            |state: &Inner| state.epochs.is_valid(epoch, position) && state.position.covers(position);
        self.coalesce_where(
            (CoalesceKey::Cursor(cursor.to_string()), format),
            &Baseline::Cursor(cursor),
            |state| is_known(state).then(|| state.history.since(position))?,
        )
    }

    /// The changes after a starting point as one frame, shared by all clients with the same starting point.
    fn coalesce_where(
        &self,
        after: (CoalesceKey, SnapshotFormat),
        baseline: &Baseline<'_>,
        missed: impl FnOnce(&Inner) -> Option<ChangedRows>,
    ) -> Option<(Frame, u64)> {
        let revision = self.state().revision;
        if let Some(frame) = self.coalesced().get(revision, &after) {
            return Some(frame);
        }
        let state = self.state();
        let (missed, (version, now)) = (missed(&state)?, state.current(after.1.limit()));
        drop(state);
        let frame = (after.1.update_frame(&version, &missed, baseline, &now), version.number);
        self.coalesced().insert(now.revision, after, frame.clone());
        Some(frame)
    }

    pub(super) fn coalesce_from(
        &self,
        after: (CoalesceKey, SnapshotFormat),
        baseline: &Baseline<'_>,
        missed: impl FnOnce(&History) -> Option<ChangedRows>,
    ) -> Option<(Frame, u64)> {
        self.coalesce_where(after, baseline, |state| missed(&state.history))
    }

    fn coalesced(&self) -> MutexGuard<'_, CoalescedFrames> {
        self.coalesced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> RwLockReadGuard<'_, Inner> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
}
