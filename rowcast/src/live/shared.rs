//! What the tail's thread leaves for those that serve sockets: the picture, and what led to it.
//!
//! Replaced and broadcast under one lock, so whoever reads a picture can be sure that the messages which led to it are
//! on their way, and numbers tell which of them it has in it already.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use socketio::{Fold, Frame, Hub, Message};

use super::{
    CHANGES_ROOM, Mode, PARTS_ROOM, SNAPSHOTS_ROOM, SnapshotFormat,
    cursor::Cursor,
    epoch::Epochs,
    history::{Change, ChangedRows, History},
    limit::{LIMITS, Limit},
    position::Position,
    snapshot_format::{FullSnapshot, MissedDelta, ResumeFrame},
    state::{Baseline, CHANGES, CursorContext, StateVersion},
};

/// Bytes of folds that are kept to be shared: many clients come back from the same outage, and few from each of many others.
const COALESCED_BYTES: usize = 16 * 1024 * 1024;

/// What is sent, and what has been sent lately.
pub(super) struct PublishedState {
    state: RwLock<Inner>,
    coalesced: Mutex<CoalescedFrames>,
    pub(super) caught_up: AtomicBool,
    /// Whether there may be other nodes.
    pub(super) is_multi_node: bool,
    /// How many sockets want each.
    pub(super) snapshots: AtomicUsize,
    pub(super) changes: AtomicUsize,
    pub(super) parts: AtomicUsize,
    /// The same of those with a limit.
    pub(super) limited: [LimitedSubscribers; LIMITS],
}

/// How many sockets with some limit want each.
#[derive(Default)]
pub(super) struct LimitedSubscribers {
    pub(super) snapshots: AtomicUsize,
    pub(super) changes: AtomicUsize,
}

struct Inner {
    version: Arc<StateVersion>,
    /// How far the log has been read: further than the picture if what came after it made no difference.
    position: Position,
    history: History,
    epochs: Epochs,
    /// Grows with the picture and with the history.
    revision: u64,
    /// What the picture is for clients with a limit, as long as there are any.
    limited: BTreeMap<Limit, Arc<StateVersion>>,
}

impl Inner {
    /// The picture for somebody, and where those are who are sent it.
    fn now(&self, limit: Option<Limit>) -> (Arc<StateVersion>, CursorContext) {
        let version = limit.map_or_else(|| self.version.clone(), |limit| self.limited(limit));
        let cursor = version.for_client(&Cursor::new(self.epochs.current(), &self.position));
        (version, CursorContext { cursor, revision: self.revision, floor: self.history.floor() })
    }

    fn limited(&self, limit: Limit) -> Arc<StateVersion> {
        let known = self.limited.get(&limit).cloned();
        known.unwrap_or_else(|| Arc::new(self.version.within(limit, None)))
    }
}

/// What a group of commits made of the last picture.
pub(super) struct Publication {
    pub(super) version: StateVersion,
    /// The rows that are not as they were.
    pub(super) changed: ChangedRows,
    /// Which transactions changed them; nothing if that is not known, and cursors from before are worth nothing.
    pub(super) changes: Option<Vec<Change>>,
}

/// From where a fold begins.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum CoalesceKey {
    Number(u64),
    Cursor(String),
}

/// Folds up to one state.
#[derive(Default)]
struct CoalescedFrames {
    revision: u64,
    bytes: usize,
    frames: HashMap<(CoalesceKey, SnapshotFormat), (Frame, u64)>,
}

impl CoalescedFrames {
    fn get(&self, revision: u64, after: &(CoalesceKey, SnapshotFormat)) -> Option<(Frame, u64)> {
        self.frames.get(after).filter(|_| self.revision == revision).cloned()
    }

    fn insert(&mut self, revision: u64, after: (CoalesceKey, SnapshotFormat), (frame, number): (Frame, u64)) {
        if revision > self.revision || self.bytes + frame.len() > COALESCED_BYTES {
            *self = Self { revision: revision.max(self.revision), ..Self::default() };
        }
        if revision == self.revision {
            self.bytes += frame.len();
            self.frames.insert(after, (frame, number));
        }
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

    /// How many changes are remembered.
    pub(super) fn history_len(&self) -> usize {
        self.state().history.len()
    }

    /// The log was read to there, and nothing is different here. But a client of another node may have been sent a state in
    /// between, so what changed is remembered.
    pub(super) fn advance(&self, position: Position, changes: Vec<Change>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !changes.is_empty() {
            let number = state.version.number;
            state.history.push(number, position.clone(), changes);
            state.revision += 1;
        }
        state.position = position;
    }

    /// Replaces the picture and sends what is new in it.
    pub(super) fn publish(
        self: &Arc<Self>,
        hub: &Hub,
        position: Position,
        publication: Publication,
        epochs: &Epochs,
    ) {
        let began = Instant::now();
        let Publication { version, changed, changes } = publication;
        let version = Arc::new(version);
        let revision = self.state().revision + 1;
        let now = CursorContext { cursor: version.cursor.clone(), revision, floor: 0 };
        // What those who are there want is made before anybody has to wait for the lock.
        let deltas = |made: DeltaFrames| {
            let publication = !changed.is_empty() || version.has_availability_change();
            let wanted = |format| publication && self.change_subscribers(format).load(Ordering::Relaxed) > 0;
            let before = Baseline::Number(version.number - 1);
            let delivery = Arc::new(DeliveryTimer(began));
            let frame = |format: SnapshotFormat| {
                format.update_frame(&version, &changed, &before, &now).watched(delivery.clone())
            };
            let make = |format| wanted(format).then(|| frame(format));
            let snapshots = made.snapshots.or_else(|| make(SnapshotFormat::Snapshots));
            let shared = snapshots.clone().filter(|_| version.needs_only_changes(&before));
            let shared = || shared.filter(|_| wanted(SnapshotFormat::Parts));
            let parts = made.parts.or_else(shared).or_else(|| make(SnapshotFormat::Parts));
            DeltaFrames { snapshots, parts }
        };
        let snapshots = || match self.snapshots.load(Ordering::Relaxed) {
            0 => Vec::new(),
            _ => with_delivery_timer(version.snapshots(&now, false), began),
        };
        let (made, first) = (snapshots(), deltas(DeltaFrames::default()));

        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match changes {
            Some(changes) => state.history.push(version.number, position.clone(), changes),
            None => state.history.restart(position.next(), version.number),
        }
        (state.version, state.position) = (version.clone(), position);
        state.epochs = epochs.clone();
        state.revision = revision;
        // Whoever came meanwhile has read the picture before, and must be sent this one.
        let made = if made.is_empty() { snapshots() } else { made };
        if !made.is_empty() {
            hub.to(SNAPSHOTS_ROOM).give(&made);
        }
        let DeltaFrames { snapshots, parts } = deltas(first);
        let message =
            |frame, format| Message::step(CHANGES, version.number, frame, self.missed_delta(format));
        if let Some(frame) = snapshots {
            hub.to(CHANGES_ROOM).give(&[message(frame, SnapshotFormat::Snapshots)]);
        }
        if let Some(frame) = parts {
            hub.to(PARTS_ROOM).give(&[message(frame, SnapshotFormat::Parts)]);
        }
        self.publish_limited(hub, &mut state, &changed);
    }

    /// The same for those with a limit. They are few, if any, so that nobody waits for it.
    fn publish_limited(self: &Arc<Self>, hub: &Hub, state: &mut Inner, changed: &ChangedRows) {
        for (limit, before) in std::mem::take(&mut state.limited) {
            let LimitedSubscribers { snapshots, changes } = &self.limited[limit.index()];
            let wanted = [snapshots, changes].map(|count| count.load(Ordering::Relaxed) > 0);
            if wanted == [false, false] {
                continue;
            }
            state.limited.insert(limit, Arc::new(state.version.within(limit, Some(&before))));
            let (version, now) = state.now(Some(limit));
            if wanted[0] {
                hub.to(Mode::Snapshots { limit: Some(limit) }.room()).give(&version.snapshots(&now, false));
            }
            if wanted[1] && (!changed.is_empty() || version.has_availability_change()) {
                let format = SnapshotFormat::Limited(limit);
                let frame =
                    format.update_frame(&version, changed, &Baseline::Number(version.number - 1), &now);
                let delta = Message::step(CHANGES, version.number, frame, self.missed_delta(format));
                hub.to(Mode::Changes { since: None, format }.room()).give(&[delta]);
            }
        }
    }

    /// From now on there is a picture for that limit.
    pub(super) fn add_limit(&self, limit: Limit) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let version = state.limited(limit);
        state.limited.insert(limit, version);
    }

    /// The snapshots as they are now.
    pub(super) fn all_snapshots(&self, limit: Option<Limit>) -> Vec<Message> {
        let (version, now) = self.state().now(limit);
        version.snapshots(&now, true)
    }

    /// All that there is now, as the first step of a client.
    pub(super) fn full_snapshot(self: &Arc<Self>, format: SnapshotFormat) -> Message {
        let (frame, number) = self.all(format);
        Message::step(CHANGES, number, frame, Arc::new(FullSnapshot(self.clone(), format)))
    }

    pub(super) fn all(&self, format: SnapshotFormat) -> (Frame, u64) {
        let (version, now) = self.state().now(format.limit());
        (format.all(&version, &now), version.number)
    }

    /// How many sockets are sent changes in that format.
    pub(super) fn change_subscribers(&self, format: SnapshotFormat) -> &AtomicUsize {
        match format {
            SnapshotFormat::Snapshots => &self.changes,
            SnapshotFormat::Parts => &self.parts,
            SnapshotFormat::Limited(limit) => &self.limited[limit.index()].changes,
        }
    }

    /// What makes one of the steps that a client has not taken.
    fn missed_delta(self: &Arc<Self>, format: SnapshotFormat) -> Arc<dyn Fold> {
        Arc::new(MissedDelta(self.clone(), format))
    }

    /// What a client with this cursor has missed, as its first step; nothing if that is not known any more.
    pub(super) fn resume(self: &Arc<Self>, cursor: &Cursor, format: SnapshotFormat) -> Option<Message> {
        let (frame, number) = self.since(cursor, format)?;
        let fold = Arc::new(ResumeFrame { shared: self.clone(), cursor: cursor.clone(), format });
        Some(Message::step(CHANGES, number, frame, fold))
    }

    /// Whether all that a client with this cursor has been sent has been seen here, too.
    pub(super) fn covers(&self, cursor: &Cursor) -> bool {
        let state = self.state();
        // Another epoch may have begun, and be known to another node first.
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

    /// Everything after a point, in one frame; made once for all who come from there.
    fn coalesce_where(
        &self,
        after: (CoalesceKey, SnapshotFormat),
        baseline: &Baseline<'_>,
        missed: impl FnOnce(&Inner) -> Option<ChangedRows>,
    ) -> Option<(Frame, u64)> {
        let revision = self.state().revision;
        if let Some(fold) = self.coalesced().get(revision, &after) {
            return Some(fold);
        }
        let state = self.state();
        let (missed, (version, now)) = (missed(&state)?, state.now(after.1.limit()));
        drop(state);
        let fold = (after.1.update_frame(&version, &missed, baseline, &now), version.number);
        self.coalesced().insert(now.revision, after, fold.clone());
        Some(fold)
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

/// What a group of commits is told by, in each format that somebody wants.
#[derive(Default)]
struct DeltaFrames {
    snapshots: Option<Frame>,
    parts: Option<Frame>,
}

/// Gone when the last client has been written to.
struct DeliveryTimer(Instant);

impl Drop for DeliveryTimer {
    fn drop(&mut self) {
        metrics::histogram!("rowcast_live_delivery_seconds").record(self.0.elapsed().as_secs_f64());
    }
}

/// The last of them to be gone tells the time.
fn with_delivery_timer(messages: Vec<Message>, began: Instant) -> Vec<Message> {
    let delivery = Arc::new(DeliveryTimer(began));
    messages.into_iter().map(|message| message.watched(delivery.clone())).collect()
}
