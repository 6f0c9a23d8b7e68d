//! The updates of clients that receive changes, by snapshot format, and the coalescing of unsent messages.

use std::sync::Arc;

use socketio::{Coalesce, Frame};

use super::{
    SnapshotFormat,
    coalesced::CoalesceKey,
    cursor::Cursor,
    history::ChangedRows,
    limit::Limit,
    shared::PublishedState,
    state::{Baseline, CursorContext, StateVersion},
};

/// For larger changes after a cursor, parts are sent instead.
const MAX_RESUME_BYTES: usize = 1024 * 1024;

impl SnapshotFormat {
    /// The client's message limit.
    pub(super) fn limit(self) -> Option<Limit> {
        match self {
            Self::Limited(limit) => Some(limit),
            Self::Snapshots | Self::Parts => None,
        }
    }

    pub(super) fn full_frame(self, version: &StateVersion, now: &CursorContext) -> Frame {
        match self {
            Self::Snapshots | Self::Limited(_) => version.full_snapshot(now),
            Self::Parts => version.parts(now),
        }
    }

    /// The frame that updates a client from a baseline.
    pub(super) fn update_frame(
        self,
        version: &StateVersion,
        changed: &ChangedRows,
        baseline: &Baseline<'_>,
        now: &CursorContext,
    ) -> Frame {
        if self == Self::Parts && !version.needs_only_changes(baseline) {
            return version.parts(now);
        }
        let frame = version.update_frame(changed, baseline, now);
        let max = match self {
            Self::Snapshots => usize::MAX,
            Self::Parts => MAX_RESUME_BYTES,
            Self::Limited(limit) => limit.bytes(),
        };
        // A client that closed the connection because of this message would receive it again after each reconnect.
        let too_large = matches!(baseline, Baseline::Cursor(_)) && frame.largest_message() > max;
        if too_large { self.full_frame(version, now) } else { frame }
    }
}

/// Coalesces the unsent deltas of a client that has received all earlier ones.
pub(super) struct MissedDelta(pub(super) Arc<PublishedState>, pub(super) SnapshotFormat);

impl Coalesce for MissedDelta {
    fn coalesce(&self, after: u64) -> (Frame, u64) {
        let Self(shared, format) = self;
        metrics::counter!("rowcast_live_coalesced_total").increment(1);
        let baseline = Baseline::Number(after);
        let folded = shared
            .coalesce_from((CoalesceKey::Number(after), *format), &baseline, |history| history.after(after));
        folded.unwrap_or_else(|| shared.full_frame(*format))
    }
}

/// Replaces an unsent first message with the current state.
pub(super) struct FullSnapshot(pub(super) Arc<PublishedState>, pub(super) SnapshotFormat);

impl Coalesce for FullSnapshot {
    fn coalesce(&self, _: u64) -> (Frame, u64) {
        self.0.full_frame(self.1)
    }
}

/// Replaces an unsent first message with the current changes after the client's cursor.
pub(super) struct ResumeFrame {
    pub(super) shared: Arc<PublishedState>,
    pub(super) cursor: Cursor,
    pub(super) format: SnapshotFormat,
}

impl Coalesce for ResumeFrame {
    fn coalesce(&self, _: u64) -> (Frame, u64) {
        self.shared.since(&self.cursor, self.format).unwrap_or_else(|| self.shared.full_frame(self.format))
    }
}
