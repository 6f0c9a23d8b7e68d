//! One state of all collections, and the frames that show it: made when first asked for, then shared by all who ask.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use socketio::{Frame, FrameWriter, Message, Slot};

use super::{cache::Cache, cursor::Cursor, history::Changed};

/// Where a client's unsent `changes` wait: behind the slots of the snapshots, of which there are fewer.
pub(super) const CHANGES: Slot = Slot(u16::MAX);

/// A collection in a picture.
#[derive(Clone)]
pub(super) struct View {
    pub(super) plural: &'static str,
    pub(super) rows: Cache,
    sent: bool,
    /// The number of the picture in which it last changed.
    changed: u64,
    /// Its snapshot. Pictures in which it is the same share the place.
    made: Arc<Mutex<Option<Made>>>,
}

/// A snapshot or several, and when they were made.
struct Made {
    frame: Frame,
    revision: u64,
    horizon: u64,
}

/// Where those are who are sent a picture now. Nobody may have more than their cursor says, or another node, which has seen just
/// as much as that, could not tell what they have too much.
pub(super) struct Now {
    pub(super) cursor: Cursor,
    /// Grows with whatever is read in the log. Cursors of one revision are worth the same.
    pub(super) revision: u64,
    /// Cursors whose horizon is below this will not be known.
    pub(super) floor: u64,
}

impl Made {
    fn new(frame: Frame, now: &Now) -> Self {
        Self { frame, revision: now.revision, horizon: now.cursor.position.horizon() }
    }

    fn is_good(&self, now: &Now) -> bool {
        self.revision == now.revision && self.horizon >= now.floor
    }
}

impl View {
    /// One that is not `sent` has no snapshot.
    pub(super) fn new(plural: &'static str, sent: bool, rows: Cache) -> Self {
        Self { plural, rows, sent, changed: 1, made: Arc::default() }
    }

    /// Takes the rows as they are from the picture `number` on.
    pub(super) fn change(&mut self, rows: Cache, number: u64) {
        (self.rows, self.changed, self.made) = (rows, number, Arc::default());
    }
}

/// All collections as they were after one group of commits.
pub(super) struct Picture {
    /// Counts from 1, without gaps.
    pub(super) number: u64,
    /// What a client has who has been sent this.
    pub(super) cursor: Cursor,
    /// In the registry's order.
    pub(super) views: Vec<View>,
    /// All snapshots in one piece.
    whole: Mutex<Option<Made>>,
}

impl Picture {
    pub(super) fn new(number: u64, cursor: Cursor, views: Vec<View>) -> Self {
        Self { number, cursor, views, whole: Mutex::default() }
    }

    /// The snapshots of all collections, or of those that changed with this picture.
    pub(super) fn snapshots(&self, now: &Now, all: bool) -> Vec<Message> {
        let meant = self.sent().filter(|(_, _, view)| all || view.changed == self.number);
        let message = |(rank, place, view): (usize, u16, &View)| {
            Message::latest(Slot(place), self.snapshot(rank, view, now)).numbered(view.changed)
        };
        meant.map(message).collect()
    }

    /// All snapshots in one piece.
    pub(super) fn whole(&self, now: &Now) -> Frame {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        match &*whole {
            Some(made) if made.is_good(now) => made.frame.clone(),
            _ => whole.insert(Made::new(Frame::joined(&self.frames(0, now)), now)).frame.clone(),
        }
    }

    /// The snapshots behind the first so many.
    pub(super) fn frames(&self, first: usize, now: &Now) -> Vec<Frame> {
        let behind = self.sent().filter(|(rank, _, _)| *rank > first);
        behind.map(|(rank, _, view)| self.snapshot(rank, view, now)).collect()
    }

    /// The collections that are sent, counted from 1, and by their place among all.
    fn sent(&self) -> impl Iterator<Item = (usize, u16, &View)> {
        let sent = (0..).zip(&self.views).filter(|(_, view)| view.sent);
        (1..).zip(sent).map(|(rank, (place, view))| (rank, place, view))
    }

    /// The snapshot event, `[rows, {"cursor": …}]`. Whoever comes while it is made waits for it.
    fn snapshot(&self, rank: usize, view: &View, now: &Now) -> Frame {
        let mut made = view.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some(made) if made.is_good(now) => return made.frame.clone(),
            _ => {}
        }
        let rows = &view.rows;
        let last = rank == self.views.iter().filter(|view| view.sent).count();
        let cursor = if last { now.cursor.to_string() } else { now.cursor.after(rank).to_string() };
        let size = rows.bytes() + rows.len() + cursor.len() + 32;
        let mut writer = FrameWriter::event(view.plural, size);
        let json = writer.arg();
        json.push(b'[');
        rows.write(json);
        json.push(b']');
        writer.arg().extend_from_slice(format!("{{\"cursor\":\"{cursor}\"}}").as_bytes());
        let frame = writer.seal();
        *made = Some(Made::new(frame.clone(), now));
        frame
    }

    /// The event `changes`: these rows as they are in this picture, `{"cursor": …, "coaches": {"upserted": …, "deleted": …}}`.
    pub(super) fn changes(&self, changed: &Changed, cursor: &Cursor) -> Frame {
        let cursor = cursor.to_string();
        let mut by_place: BTreeMap<u16, Vec<i64>> = BTreeMap::new();
        changed.iter().for_each(|(place, id)| by_place.entry(*place).or_default().push(*id));
        let rows = changed.iter().filter_map(|(place, id)| self.view(*place)?.rows.row(*id));
        let size = rows.map(|row| row.len() + 1).sum::<usize>() + changed.len() * 8 + by_place.len() * 64;
        let mut writer = FrameWriter::event("changes", size + cursor.len() + 16);
        let json = writer.arg();
        json.extend_from_slice(format!("{{\"cursor\":\"{cursor}\"").as_bytes());
        for (place, ids) in by_place {
            if let Some(view) = self.view(place) {
                collection(json, view, &ids);
            }
        }
        json.push(b'}');
        writer.seal()
    }

    fn view(&self, place: u16) -> Option<&View> {
        self.views.get(usize::from(place))
    }
}

fn collection(json: &mut Vec<u8>, view: &View, ids: &[i64]) {
    json.extend_from_slice(format!(",\"{}\":{{\"upserted\":[", view.plural).as_bytes());
    let mut comma = false;
    for row in ids.iter().filter_map(|id| view.rows.row(*id)) {
        if std::mem::replace(&mut comma, true) {
            json.push(b',');
        }
        json.extend_from_slice(row);
    }
    json.extend_from_slice(b"],\"deleted\":[");
    let deleted = ids.iter().filter(|id| view.rows.row(**id).is_none());
    let deleted: Vec<String> = deleted.map(ToString::to_string).collect();
    json.extend_from_slice(deleted.join(",").as_bytes());
    json.extend_from_slice(b"]}");
}
