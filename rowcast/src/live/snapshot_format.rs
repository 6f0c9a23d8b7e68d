//! In which format somebody who wants changes is brought up to date, and what makes one message of those that have not been taken.

use std::sync::Arc;

use socketio::{Fold, Frame};

use super::{
    SnapshotFormat,
    cursor::Cursor,
    history::ChangedRows,
    limit::Limit,
    shared::{CoalesceKey, PublishedState},
    state::{Baseline, CursorContext, StateVersion},
};

/// Bytes of changes that somebody who comes back is sent in one message, if parts are taken instead.
const MAX_RESUME_BYTES: usize = 1024 * 1024;

impl SnapshotFormat {
    /// What the client takes at most.
    pub(super) fn limit(self) -> Option<Limit> {
        match self {
            Self::Limited(limit) => Some(limit),
            Self::Snapshots | Self::Parts => None,
        }
    }

    pub(super) fn all(self, version: &StateVersion, now: &CursorContext) -> Frame {
        match self {
            Self::Snapshots | Self::Limited(_) => version.full_snapshot(now),
            Self::Parts => version.parts(now),
        }
    }

    /// All that a client needs who has something earlier.
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
        // Who was cut off because of its size would be sent it again and again.
        let too_large = matches!(baseline, Baseline::Cursor(_)) && frame.largest_message() > max;
        if too_large { self.all(version, now) } else { frame }
    }
}

/// For clients that have been sent every step so far, and have not taken the last ones.
pub(super) struct MissedDelta(pub(super) Arc<PublishedState>, pub(super) SnapshotFormat);

impl Fold for MissedDelta {
    fn fold(&self, after: u64) -> (Frame, u64) {
        let Self(shared, format) = self;
        metrics::counter!("rowcast_live_coalesced_total").increment(1);
        let baseline = Baseline::Number(after);
        let folded = shared
            .coalesce_from((CoalesceKey::Number(after), *format), &baseline, |history| history.after(after));
        folded.unwrap_or_else(|| shared.all(*format))
    }
}

/// For clients whose first step, all that there is, has not left yet.
pub(super) struct FullSnapshot(pub(super) Arc<PublishedState>, pub(super) SnapshotFormat);

impl Fold for FullSnapshot {
    fn fold(&self, _: u64) -> (Frame, u64) {
        self.0.all(self.1)
    }
}

/// For clients whose first step, what they had missed, has not left yet.
pub(super) struct ResumeFrame {
    pub(super) shared: Arc<PublishedState>,
    pub(super) cursor: Cursor,
    pub(super) format: SnapshotFormat,
}

impl Fold for ResumeFrame {
    fn fold(&self, _: u64) -> (Frame, u64) {
        self.shared.since(&self.cursor, self.format).unwrap_or_else(|| self.shared.all(self.format))
    }
}
