//! One collection in a version: its rows and its availability.

use std::sync::{Arc, Mutex};

use socketio::{Frame, FrameWriter};

use super::{cache::Cache, position::Position};
use crate::key::KeyColumn;

/// A collection in a version.
#[derive(Clone)]
pub(super) struct CollectionView {
    pub(super) plural: &'static str,
    /// The columns of the key, in the order of the primary key.
    pub(super) key_columns: &'static [KeyColumn],
    /// Empty while the collection is withheld.
    pub(super) rows: Cache,
    pub(super) sent: bool,
    /// The version in which it last changed.
    pub(super) changed: u64,
    availability: Availability,
    /// The encoded snapshot, shared by the versions in which it is the same.
    pub(super) cached: Arc<Mutex<Option<CachedFrame>>>,
}

/// Whether a collection is sent, and since which version.
#[derive(Clone)]
enum Availability {
    /// Complete for clients that have received all changes since.
    Available { number: u64, since: Position },
    /// Larger than `limit` bytes.
    Withheld { number: u64, limit: usize, source: LimitSource },
}

/// The origin of a limit.
#[derive(Clone, Copy)]
pub(super) enum LimitSource {
    /// The server's setting.
    Server,
    /// The message limit of some clients.
    Client,
}

/// An encoded frame, and the cursor state for which it is valid.
pub(super) struct CachedFrame {
    pub(super) frame: Frame,
    pub(super) revision: u64,
    pub(super) horizon: u64,
}

impl CollectionView {
    /// A view; without `sent` it has no snapshot.
    pub(super) fn new(
        plural: &'static str,
        key_columns: &'static [KeyColumn],
        sent: bool,
        rows: Cache,
    ) -> Self {
        let availability = Availability::Available { number: 0, since: Position::default() };
        Self { plural, key_columns, rows, sent, changed: 1, availability, cached: Arc::default() }
    }

    /// Replaces the rows in version `number`.
    pub(super) fn change(&mut self, rows: Cache, number: u64) {
        (self.rows, self.changed, self.cached) = (rows, number, Arc::default());
    }

    /// Withholds the collection from version `number` on and drops its rows.
    pub(super) fn withhold(&mut self, limit: usize, source: LimitSource, number: u64) {
        self.change(Cache::default(), number);
        self.availability = Availability::Withheld { number, limit, source };
    }

    /// Releases the collection in version `number`; its changes before the position are unknown.
    pub(super) fn release(&mut self, rows: Cache, number: u64, since: Position) {
        self.change(rows, number);
        self.availability = Availability::Available { number, since };
    }

    /// A copy with a snapshot of its own, for clients that had `before`.
    pub(super) fn fork(&self, before: Option<&Self>) -> Self {
        let mut view = Self { cached: Arc::default(), ..self.clone() };
        if let Some(before) =
            before.filter(|before| before.availability_changed_at() > self.availability_changed_at())
        {
            view.availability = before.availability.clone();
        }
        view
    }

    pub(super) fn is_withheld(&self) -> bool {
        matches!(self.availability, Availability::Withheld { .. })
    }

    /// Whether it was withheld or released in version `number` or later.
    pub(super) fn availability_changed_since(&self, number: u64) -> bool {
        self.availability_changed_at() >= number
    }

    fn availability_changed_at(&self) -> u64 {
        let (Availability::Available { number, .. } | Availability::Withheld { number, .. }) =
            self.availability;
        number
    }

    /// Whether all changes after a position are known.
    pub(super) fn is_complete_since(&self, position: &Position) -> bool {
        matches!(&self.availability, Availability::Available { since, .. } if position.covers(since))
    }

    /// The event `withheld`, sent in place of a snapshot.
    pub(super) fn notice(&self) -> Option<Frame> {
        let json = self.notice_json()?;
        let mut writer = FrameWriter::event("withheld", json.len());
        writer.arg().extend_from_slice(json.as_bytes());
        Some(writer.seal())
    }

    /// The payload of `withheld`.
    pub(super) fn notice_json(&self) -> Option<String> {
        let Availability::Withheld { limit, source, .. } = self.availability else { return None };
        let limit_text = match source {
            LimitSource::Server => format!("{limit} bytes:"),
            LimitSource::Client => format!(
                "{limit} bytes, the largest message that this client seems to take: raise its limit, ask for chunks, or"
            ),
        };
        let reason = format!("larger than {limit_text} list it, page by page, by list_{}", self.plural);
        let (collection, reason) = (json_text(self.plural), json_text(&reason));
        Some(format!(r#"{{"collection":{collection},"limit":{limit},"reason":{reason}}}"#))
    }
}

/// A text as JSON. Names of tables may contain any character.
pub(super) fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
