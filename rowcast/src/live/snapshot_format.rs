//! In which form somebody who wants changes is brought up to date, and what makes one message of those that have not been taken.

use std::sync::Arc;

use socketio::{Fold, Frame};

use super::{
    Form,
    cursor::Cursor,
    history::Changed,
    limit::Limit,
    picture::{Had, Now, Picture},
    shared::{After, Shared},
};

/// Bytes of changes that somebody who comes back is sent in one message, if parts are taken instead.
const MISSED: usize = 1024 * 1024;

impl Form {
    /// What the client takes at most.
    pub(super) fn limit(self) -> Option<Limit> {
        match self {
            Self::Within(limit) => Some(limit),
            Self::Snapshots | Self::Parts => None,
        }
    }

    pub(super) fn all(self, picture: &Picture, now: &Now) -> Frame {
        match self {
            Self::Snapshots | Self::Within(_) => picture.whole(now),
            Self::Parts => picture.parts(now),
        }
    }

    /// All that a client needs who has something earlier.
    pub(super) fn bring(self, picture: &Picture, changed: &Changed, had: &Had<'_>, now: &Now) -> Frame {
        if self == Self::Parts && !picture.is_brought_by_changes(had) {
            return picture.parts(now);
        }
        let frame = picture.bring(changed, had, now);
        let most = match self {
            Self::Snapshots => usize::MAX,
            Self::Parts => MISSED,
            Self::Within(limit) => limit.bytes(),
        };
        // Who was cut off because of its size would be sent it again and again.
        let too_large = matches!(had, Had::Cursor(_)) && frame.largest_message() > most;
        if too_large { self.all(picture, now) } else { frame }
    }
}

/// For clients that have been sent every step so far, and have not taken the last ones.
pub(super) struct Missed(pub(super) Arc<Shared>, pub(super) Form);

impl Fold for Missed {
    fn fold(&self, after: u64) -> (Frame, u64) {
        let Self(shared, form) = self;
        metrics::counter!("rowcast_live_folded_total").increment(1);
        let had = Had::Number(after);
        let folded = shared.fold_from((After::Number(after), *form), &had, |history| history.after(after));
        folded.unwrap_or_else(|| shared.all(*form))
    }
}

/// For clients whose first step, all that there is, has not left yet.
pub(super) struct Whole(pub(super) Arc<Shared>, pub(super) Form);

impl Fold for Whole {
    fn fold(&self, _: u64) -> (Frame, u64) {
        self.0.all(self.1)
    }
}

/// For clients whose first step, what they had missed, has not left yet.
pub(super) struct Resume {
    pub(super) shared: Arc<Shared>,
    pub(super) cursor: Cursor,
    pub(super) form: Form,
}

impl Fold for Resume {
    fn fold(&self, _: u64) -> (Frame, u64) {
        self.shared.since(&self.cursor, self.form).unwrap_or_else(|| self.shared.all(self.form))
    }
}
