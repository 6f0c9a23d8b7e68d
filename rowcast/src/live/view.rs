//! One collection in a picture: its rows, and whether clients are sent them.

use std::sync::{Arc, Mutex};

use socketio::{Frame, FrameWriter};

use super::{cache::Cache, position::Position};

/// A collection in a picture.
#[derive(Clone)]
pub(super) struct CollectionView {
    pub(super) plural: &'static str,
    /// None while it is withheld.
    pub(super) rows: Cache,
    pub(super) sent: bool,
    /// The number of the picture in which it last changed.
    pub(super) changed: u64,
    availability: Availability,
    /// Its snapshot. Pictures in which it is the same share the place.
    pub(super) cached: Arc<Mutex<Option<CachedFrame>>>,
}

/// Whether clients are sent a collection, and from which picture on.
#[derive(Clone)]
enum Availability {
    /// Who had it then and has been told everything since has all of it.
    Available { number: u64, since: Position },
    /// It is larger than that many bytes.
    Withheld { number: u64, limit: usize, source: LimitSource },
}

/// Whose limit it is.
#[derive(Clone, Copy)]
pub(super) enum LimitSource {
    /// The server's, for all.
    Server,
    /// That of some clients.
    Client,
}

/// A snapshot or several, and when they were cached.
pub(super) struct CachedFrame {
    pub(super) frame: Frame,
    pub(super) revision: u64,
    pub(super) horizon: u64,
}

impl CollectionView {
    /// One that is not `sent` has no snapshot.
    pub(super) fn new(plural: &'static str, sent: bool, rows: Cache) -> Self {
        let availability = Availability::Available { number: 0, since: Position::default() };
        Self { plural, rows, sent, changed: 1, availability, cached: Arc::default() }
    }

    /// Takes the rows as they are from the picture `number` on.
    pub(super) fn change(&mut self, rows: Cache, number: u64) {
        (self.rows, self.changed, self.cached) = (rows, number, Arc::default());
    }

    /// It is too large from the picture `number` on: nothing of it is sent, and nothing kept.
    pub(super) fn withhold(&mut self, limit: usize, source: LimitSource, number: u64) {
        self.change(Cache::default(), number);
        self.availability = Availability::Withheld { number, limit, source };
    }

    /// It is sent again from the picture `number` on; what happened before that position is not known of it.
    pub(super) fn release(&mut self, rows: Cache, number: u64, since: Position) {
        self.change(rows, number);
        self.availability = Availability::Available { number, since };
    }

    /// The same for those who were shown `before`, with a snapshot of its own.
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

    /// Whether it became one or the other with the picture of that number, or after.
    pub(super) fn availability_changed_since(&self, number: u64) -> bool {
        self.availability_changed_at() >= number
    }

    fn availability_changed_at(&self) -> u64 {
        let (Availability::Available { number, .. } | Availability::Withheld { number, .. }) =
            self.availability;
        number
    }

    /// Whether all of it is known that happened after a position.
    pub(super) fn is_complete_since(&self, position: &Position) -> bool {
        matches!(&self.availability, Availability::Available { since, .. } if position.covers(since))
    }

    /// What stands in the place of a snapshot: the event `withheld`.
    pub(super) fn notice(&self) -> Option<Frame> {
        let json = self.notice_json()?;
        let mut writer = FrameWriter::event("withheld", json.len());
        writer.arg().extend_from_slice(json.as_bytes());
        Some(writer.seal())
    }

    /// What that event carries.
    pub(super) fn notice_json(&self) -> Option<String> {
        let Availability::Withheld { limit, source, .. } = self.availability else { return None };
        let plural = self.plural;
        let limit_text = match source {
            LimitSource::Server => format!("{limit} bytes:"),
            LimitSource::Client => format!(
                "{limit} bytes, the largest message that this client seems to take: raise its limit, ask for chunks, or"
            ),
        };
        let reason = format!("larger than {limit_text} list it, page by page, by list_{plural}");
        Some(format!(r#"{{"collection":"{plural}","limit":{limit},"reason":"{reason}"}}"#))
    }
}
