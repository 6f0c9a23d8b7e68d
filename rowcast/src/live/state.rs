//! One state of all collections, and the frames that show it: made when first asked for, then shared by all who ask.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use socketio::{Frame, FrameWriter, Message, Slot};

use super::{
    cursor::Cursor,
    history::Changed,
    parts,
    view::{Made, View},
};

/// Where a client's unsent `changes` wait: behind the slots of the snapshots, of which there are fewer.
pub(super) const CHANGES: Slot = Slot(u16::MAX);

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

/// What a client has that is to be brought up to date.
pub(super) enum Had<'a> {
    /// The picture of that number.
    Number(u64),
    /// What a cursor says.
    Cursor(&'a Cursor),
}

impl Had<'_> {
    fn first(&self) -> Option<usize> {
        match self {
            Self::Number(_) => None,
            Self::Cursor(cursor) => cursor.first,
        }
    }

    /// Whether it has not got a collection, or not all that happened to it is known.
    fn lacks(&self, view: &View) -> bool {
        match self {
            Self::Number(number) => view.has_turned(number + 1),
            Self::Cursor(cursor) => cursor.lacks(view.plural) || !view.is_whole_since(&cursor.position),
        }
    }

    /// Whether it has been told for sure that a collection is withheld.
    fn knows(&self, view: &View) -> bool {
        matches!(self, Self::Number(number) if !view.has_turned(number + 1))
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
    /// All of it in parts.
    parts: Mutex<Option<Made>>,
}

impl Picture {
    pub(super) fn new(number: u64, cursor: Cursor, views: Vec<View>) -> Self {
        let cursor = cursor.lacking(withheld(&views));
        Self { number, cursor, views, whole: Mutex::default(), parts: Mutex::default() }
    }

    /// The same cursor, of somebody who has been sent this.
    pub(super) fn stamp(&self, cursor: &Cursor) -> Cursor {
        cursor.lacking(withheld(&self.views))
    }

    /// Whether a collection has become too large with this picture, or is not any more.
    pub(super) fn has_turned(&self) -> bool {
        self.views.iter().any(|view| view.has_turned(self.number))
    }

    /// The snapshots of all collections, or of those that changed with this picture.
    pub(super) fn snapshots(&self, now: &Now, all: bool) -> Vec<Message> {
        let meant = self.sent().filter(|(_, _, view)| all || view.changed == self.number);
        let message = |(rank, place, view): (usize, u16, &View)| {
            Message::latest(Slot(place), self.piece(rank, view, now)).numbered(view.changed)
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

    /// All that there is, in parts.
    pub(super) fn parts(&self, now: &Now) -> Frame {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        match &*parts {
            Some(made) if made.is_good(now) => made.frame.clone(),
            _ => {
                let views: Vec<&View> = self.sent().map(|(_, _, view)| view).collect();
                let frame = parts::of(&views, &now.cursor.to_string());
                parts.insert(Made::new(frame, now)).frame.clone()
            }
        }
    }

    /// Whether changes alone bring somebody up to date, or snapshots are needed.
    pub(super) fn is_brought_by_changes(&self, had: &Had<'_>) -> bool {
        let lacked = |view: &View| !view.is_withheld() && had.lacks(view);
        had.first().is_none() && !self.sent().any(|(_, _, view)| lacked(view))
    }

    /// The snapshots behind the first so many.
    pub(super) fn frames(&self, first: usize, now: &Now) -> Vec<Frame> {
        let behind = self.sent().filter(|(rank, _, _)| *rank > first);
        behind.map(|(rank, _, view)| self.piece(rank, view, now)).collect()
    }

    /// All that a client needs who has something earlier, in one piece: what changed, and whole what it could not be told of.
    pub(super) fn bring(&self, changed: &Changed, had: &Had<'_>, now: &Now) -> Frame {
        let first = had.first();
        let turned = self.sent().filter(|(rank, _, view)| {
            first.is_none_or(|first| *rank <= first) && (view.is_withheld() || had.lacks(view))
        });
        let turned: Vec<(usize, u16, &View)> = turned.collect();
        if turned.is_empty() && first.is_none() {
            return self.changes(changed, &now.cursor);
        }
        let (withheld, lacked): (Vec<_>, Vec<_>) = turned.iter().partition(|(_, _, view)| view.is_withheld());
        let mut changed = changed.clone();
        changed.retain(|(place, _)| !turned.iter().any(|(_, turned, _)| turned == place));
        let cursor = now.cursor.lacking(lacked.iter().map(|(_, _, view)| view.plural));
        let cursor = first.map_or_else(|| cursor.clone(), |first| cursor.after(first));

        let unknown = withheld.into_iter().filter(|(_, _, view)| !had.knows(view));
        let mut frames: Vec<Frame> = unknown.filter_map(|(_, _, view)| view.notice()).collect();
        frames.push(self.changes(&changed, &cursor));
        frames.extend(lacked.iter().map(|(rank, _, view)| self.snapshot(*rank, view, now)));
        match first {
            Some(first) => frames.extend(self.frames(first, now)),
            // The cursors of snapshots say that others are still to come.
            None if !lacked.is_empty() => frames.push(self.changes(&Changed::new(), &now.cursor)),
            None => {}
        }
        Frame::joined(&frames)
    }

    /// The snapshot, or what stands in its place.
    fn piece(&self, rank: usize, view: &View, now: &Now) -> Frame {
        view.notice().unwrap_or_else(|| self.snapshot(rank, view, now))
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
        let last = self.sent().filter(|(_, _, view)| !view.is_withheld()).last();
        let last = last.is_some_and(|(last, _, _)| rank == last);
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

    /// The event `changes`: these rows as they are in this picture, `{"cursor": …, "members": {"upserted": …, "deleted": …}}`.
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

fn withheld(views: &[View]) -> impl Iterator<Item = &str> {
    views.iter().filter(|view| view.is_withheld()).map(|view| view.plural)
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
