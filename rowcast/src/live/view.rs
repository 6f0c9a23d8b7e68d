//! One collection in a picture: its rows, and whether clients are sent them.

use std::sync::{Arc, Mutex};

use socketio::{Frame, FrameWriter};

use super::{cache::Cache, position::Position};

/// A collection in a picture.
#[derive(Clone)]
pub(super) struct View {
    pub(super) plural: &'static str,
    /// None while it is withheld.
    pub(super) rows: Cache,
    pub(super) sent: bool,
    /// The number of the picture in which it last changed.
    pub(super) changed: u64,
    extent: Extent,
    /// Its snapshot. Pictures in which it is the same share the place.
    pub(super) made: Arc<Mutex<Option<Made>>>,
}

/// Whether clients are sent a collection, and from which picture on.
#[derive(Clone)]
enum Extent {
    /// Who had it then and has been told everything since has all of it.
    Whole { number: u64, since: Position },
    /// It is larger than that many bytes.
    Withheld { number: u64, limit: usize, beyond: Beyond },
}

/// Whose limit it is.
#[derive(Clone, Copy)]
pub(super) enum Beyond {
    /// The server's, for all.
    Server,
    /// That of some clients.
    Client,
}

/// A snapshot or several, and when they were made.
pub(super) struct Made {
    pub(super) frame: Frame,
    pub(super) revision: u64,
    pub(super) horizon: u64,
}

impl View {
    /// One that is not `sent` has no snapshot.
    pub(super) fn new(plural: &'static str, sent: bool, rows: Cache) -> Self {
        let extent = Extent::Whole { number: 0, since: Position::default() };
        Self { plural, rows, sent, changed: 1, extent, made: Arc::default() }
    }

    /// Takes the rows as they are from the picture `number` on.
    pub(super) fn change(&mut self, rows: Cache, number: u64) {
        (self.rows, self.changed, self.made) = (rows, number, Arc::default());
    }

    /// It is too large from the picture `number` on: nothing of it is sent, and nothing kept.
    pub(super) fn withhold(&mut self, limit: usize, beyond: Beyond, number: u64) {
        self.change(Cache::default(), number);
        self.extent = Extent::Withheld { number, limit, beyond };
    }

    /// It is sent again from the picture `number` on; what happened before that position is not known of it.
    pub(super) fn release(&mut self, rows: Cache, number: u64, since: Position) {
        self.change(rows, number);
        self.extent = Extent::Whole { number, since };
    }

    /// The same for those who were shown `before`, with a snapshot of its own.
    pub(super) fn anew(&self, before: Option<&Self>) -> Self {
        let mut view = Self { made: Arc::default(), ..self.clone() };
        if let Some(before) = before.filter(|before| before.turned() > self.turned()) {
            view.extent = before.extent.clone();
        }
        view
    }

    pub(super) fn is_withheld(&self) -> bool {
        matches!(self.extent, Extent::Withheld { .. })
    }

    /// Whether it became one or the other with the picture of that number, or after.
    pub(super) fn has_turned(&self, number: u64) -> bool {
        self.turned() >= number
    }

    fn turned(&self) -> u64 {
        let (Extent::Whole { number, .. } | Extent::Withheld { number, .. }) = self.extent;
        number
    }

    /// Whether all of it is known that happened after a position.
    pub(super) fn is_whole_since(&self, position: &Position) -> bool {
        matches!(&self.extent, Extent::Whole { since, .. } if position.covers(since))
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
        let Extent::Withheld { limit, beyond, .. } = self.extent else { return None };
        let plural = self.plural;
        let than = match beyond {
            Beyond::Server => format!("{limit} bytes:"),
            Beyond::Client => format!(
                "{limit} bytes, the largest message that this client seems to take: raise its limit, ask for chunks, or"
            ),
        };
        let reason = format!("larger than {than} list it, page by page, by list_{plural}");
        Some(format!(r#"{{"collection":"{plural}","limit":{limit},"reason":"{reason}"}}"#))
    }
}
