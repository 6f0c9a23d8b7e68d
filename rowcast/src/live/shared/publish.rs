//! Replacing the published state, and broadcasting the difference.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Instant,
};

use socketio::{Frame, Hub, Message};

use super::{
    super::{
        CHANGES_ROOM, Mode, PARTS_ROOM, SNAPSHOTS_ROOM, SnapshotFormat,
        delivery::{DeliveryTimer, with_delivery_timer},
        epoch::Epochs,
        history::{Change, ChangedRows},
        position::Position,
        state::{Baseline, CHANGES, CursorContext, StateVersion},
    },
    Inner, LimitedSubscribers, PublishedState,
};

/// The next version.
pub(in crate::live) struct Publication {
    pub(in crate::live) version: StateVersion,
    /// The rows that differ from the version before.
    pub(in crate::live) changed: ChangedRows,
    /// The changes by transaction; none if they are unknown, which invalidates earlier cursors.
    pub(in crate::live) changes: Option<Vec<Change>>,
}

impl PublishedState {
    /// Advances the position without a new version. The changes still enter the history, because another node may
    /// have sent a client a state in between.
    pub(in crate::live) fn advance(&self, position: Position, changes: Vec<Change>) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if !changes.is_empty() {
            let number = state.version.number;
            state.history.push(number, position.clone(), changes);
            state.revision += 1;
        }
        state.position = position;
    }

    /// Replaces the version and broadcasts the difference.
    pub(in crate::live) fn publish(
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
        // Encoded before the lock is taken, for the modes that have subscribers.
        let deltas = |prepared: DeltaFrames| {
            let differs = !changed.is_empty() || version.has_availability_change();
            let wanted = |format| differs && self.change_subscribers(format).load(Ordering::Relaxed) > 0;
            let before = Baseline::Number(version.number - 1);
            let delivery = Arc::new(DeliveryTimer(began));
            let frame = |format: SnapshotFormat| {
                format.update_frame(&version, &changed, &before, &now).with_drop_guard(delivery.clone())
            };
            let encode = |format| wanted(format).then(|| frame(format));
            let snapshots = prepared.snapshots.or_else(|| encode(SnapshotFormat::Snapshots));
            let shared = snapshots.clone().filter(|_| version.needs_only_changes(&before));
            let shared = || shared.filter(|_| wanted(SnapshotFormat::Parts));
            let parts = prepared.parts.or_else(shared).or_else(|| encode(SnapshotFormat::Parts));
            DeltaFrames { snapshots, parts }
        };
        let snapshots = || match self.snapshots.load(Ordering::Relaxed) {
            0 => Vec::new(),
            _ => with_delivery_timer(version.snapshots(&now, false), began),
        };
        let (prepared, first) = (snapshots(), deltas(DeltaFrames::default()));

        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match changes {
            Some(changes) => state.history.push(version.number, position.clone(), changes),
            None => state.history.restart(position.next(), version.number),
        }
        (state.version, state.position) = (version.clone(), position);
        state.epochs = epochs.clone();
        state.revision = revision;
        // A client that subscribed meanwhile has received the version before, so it needs this one.
        let prepared = if prepared.is_empty() { snapshots() } else { prepared };
        if !prepared.is_empty() {
            hub.to(SNAPSHOTS_ROOM).send_messages(&prepared);
        }
        let DeltaFrames { snapshots, parts } = deltas(first);
        let message = |frame, format| Message::delta(CHANGES, version.number, frame, self.coalescer(format));
        if let Some(frame) = snapshots {
            hub.to(CHANGES_ROOM).send_messages(&[message(frame, SnapshotFormat::Snapshots)]);
        }
        if let Some(frame) = parts {
            hub.to(PARTS_ROOM).send_messages(&[message(frame, SnapshotFormat::Parts)]);
        }
        self.publish_limited(hub, &mut state, &changed);
    }

    /// Publishes to clients with a message limit. There are few, so it may run under the lock.
    fn publish_limited(self: &Arc<Self>, hub: &Hub, state: &mut Inner, changed: &ChangedRows) {
        for (limit, before) in std::mem::take(&mut state.limited) {
            let LimitedSubscribers { snapshots, changes } = &self.limited[limit.index()];
            let wanted = [snapshots, changes].map(|count| count.load(Ordering::Relaxed) > 0);
            if wanted == [false, false] {
                continue;
            }
            state.limited.insert(limit, Arc::new(state.version.limited_to(limit, Some(&before))));
            let (version, now) = state.current(Some(limit));
            if wanted[0] {
                hub.to(Mode::Snapshots { limit: Some(limit) }.room())
                    .send_messages(&version.snapshots(&now, false));
            }
            if wanted[1] && (!changed.is_empty() || version.has_availability_change()) {
                let format = SnapshotFormat::Limited(limit);
                let frame =
                    format.update_frame(&version, changed, &Baseline::Number(version.number - 1), &now);
                let delta = Message::delta(CHANGES, version.number, frame, self.coalescer(format));
                hub.to(Mode::Changes { since: None, format }.room()).send_messages(&[delta]);
            }
        }
    }
}

/// The encoded delta of a batch, in each format with subscribers.
#[derive(Default)]
struct DeltaFrames {
    snapshots: Option<Frame>,
    parts: Option<Frame>,
}
