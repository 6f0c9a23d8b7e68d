//! One version of the state of all collections, and its frames. Each frame is encoded on first use and then shared.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use socketio::{Frame, FrameWriter, Message, Slot};

use super::{
    cursor::Cursor,
    history::ChangedRows,
    parts,
    view::{CachedFrame, CollectionView, json_text},
};
use crate::key::Key;

/// The slot of unsent `changes`, after the slots of the snapshots.
pub(super) const CHANGES: Slot = Slot(u16::MAX);

/// The cursor that goes with a frame. It must describe exactly the rows that the client has: a node with the same
/// position could not detect additional ones.
pub(super) struct CursorContext {
    pub(super) cursor: Cursor,
    /// Grows with every log entry that is read. Cursors of one revision are equivalent.
    pub(super) revision: u64,
    /// Cursors with a horizon below it are expired.
    pub(super) floor: u64,
}

impl CachedFrame {
    fn new(frame: Frame, now: &CursorContext) -> Self {
        Self { frame, revision: now.revision, horizon: now.cursor.position.horizon() }
    }

    fn is_current(&self, now: &CursorContext) -> bool {
        self.revision == now.revision && self.horizon >= now.floor
    }
}

/// The state that a client has and is updated from.
pub(super) enum Baseline<'a> {
    /// The version with this number.
    Number(u64),
    /// The state of a cursor.
    Cursor(&'a Cursor),
}

impl Baseline<'_> {
    fn first(&self) -> Option<usize> {
        match self {
            Self::Number(_) => None,
            Self::Cursor(cursor) => cursor.first,
        }
    }

    /// Whether the client lacks a collection, or its changes are not completely known.
    fn lacks(&self, view: &CollectionView) -> bool {
        match self {
            Self::Number(number) => view.availability_changed_since(number + 1),
            Self::Cursor(cursor) => cursor.lacks(view.plural) || !view.is_complete_since(&cursor.position),
        }
    }

    /// Whether the client has certainly received the notice that a collection is withheld.
    fn knows_withheld(&self, view: &CollectionView) -> bool {
        matches!(self, Self::Number(number) if !view.availability_changed_since(number + 1))
    }
}

/// All collections after one batch of commits.
pub(super) struct StateVersion {
    /// Counts from 1, without gaps.
    pub(super) number: u64,
    /// The cursor of a client with this version.
    pub(super) cursor: Cursor,
    /// In the registry's order.
    pub(super) views: Vec<CollectionView>,
    /// All snapshots as one frame.
    full: Mutex<Option<CachedFrame>>,
    /// All rows in parts.
    parts: Mutex<Option<CachedFrame>>,
}

impl StateVersion {
    pub(super) fn new(number: u64, cursor: Cursor, views: Vec<CollectionView>) -> Self {
        let cursor = cursor.lacking(withheld(&views));
        Self { number, cursor, views, full: Mutex::default(), parts: Mutex::default() }
    }

    /// The cursor of a client with this version, without the withheld collections.
    pub(super) fn for_client(&self, cursor: &Cursor) -> Cursor {
        cursor.lacking(withheld(&self.views))
    }

    /// Whether a collection was withheld or released in this version.
    pub(super) fn has_availability_change(&self) -> bool {
        self.views.iter().any(|view| view.availability_changed_since(self.number))
    }

    /// The snapshots of all collections, or of those that changed in this version.
    pub(super) fn snapshots(&self, now: &CursorContext, all: bool) -> Vec<Message> {
        let selected = self.live_views().filter(|(_, _, view)| all || view.changed == self.number);
        let message = |(rank, collection_index, view): (usize, u16, &CollectionView)| {
            Message::latest(Slot(collection_index), self.snapshot_or_notice(rank, view, now))
                .versioned(view.changed)
        };
        selected.map(message).collect()
    }

    /// All snapshots as one frame.
    pub(super) fn full_snapshot(&self, now: &CursorContext) -> Frame {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        match &*full {
            Some(cached) if cached.is_current(now) => cached.frame.clone(),
            _ => full.insert(CachedFrame::new(Frame::concat(&self.frames_after(0, now)), now)).frame.clone(),
        }
    }

    /// All rows in parts.
    pub(super) fn parts(&self, now: &CursorContext) -> Frame {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        match &*parts {
            Some(cached) if cached.is_current(now) => cached.frame.clone(),
            _ => {
                let views: Vec<&CollectionView> = self.live_views().map(|(_, _, view)| view).collect();
                let frame = parts::of(&views, &now.cursor.to_string());
                parts.insert(CachedFrame::new(frame, now)).frame.clone()
            }
        }
    }

    /// Whether changes suffice to update a client, without snapshots.
    pub(super) fn needs_only_changes(&self, baseline: &Baseline<'_>) -> bool {
        let is_lacked = |view: &CollectionView| !view.is_withheld() && baseline.lacks(view);
        baseline.first().is_none() && !self.live_views().any(|(_, _, view)| is_lacked(view))
    }

    /// The snapshots after the first `first`.
    pub(super) fn frames_after(&self, first: usize, now: &CursorContext) -> Vec<Frame> {
        let behind = self.live_views().filter(|(rank, _, _)| *rank > first);
        behind.map(|(rank, _, view)| self.snapshot_or_notice(rank, view, now)).collect()
    }

    /// The frame that updates a client from a baseline: the changes, and snapshots of collections that it lacks.
    pub(super) fn update_frame(
        &self,
        changed: &ChangedRows,
        baseline: &Baseline<'_>,
        now: &CursorContext,
    ) -> Frame {
        let first = baseline.first();
        let availability_changed_at = self.live_views().filter(|(rank, _, view)| {
            first.is_none_or(|first| *rank <= first) && (view.is_withheld() || baseline.lacks(view))
        });
        let availability_changed_at: Vec<(usize, u16, &CollectionView)> = availability_changed_at.collect();
        if availability_changed_at.is_empty() && first.is_none() {
            return self.changes(changed, &now.cursor);
        }
        let (withheld, lacked): (Vec<_>, Vec<_>) =
            availability_changed_at.iter().partition(|(_, _, view)| view.is_withheld());
        let mut changed = changed.clone();
        changed.retain(|(collection_index, _)| {
            !availability_changed_at
                .iter()
                .any(|(_, availability_changed_at, _)| availability_changed_at == collection_index)
        });
        let cursor = now.cursor.lacking(lacked.iter().map(|(_, _, view)| view.plural));
        let cursor = first.map_or_else(|| cursor.clone(), |first| cursor.after(first));

        let unknown = withheld.into_iter().filter(|(_, _, view)| !baseline.knows_withheld(view));
        let mut frames: Vec<Frame> = unknown.filter_map(|(_, _, view)| view.notice()).collect();
        frames.push(self.changes(&changed, &cursor));
        frames.extend(lacked.iter().map(|(rank, _, view)| self.snapshot(*rank, view, now)));
        match first {
            Some(first) => frames.extend(self.frames_after(first, now)),
            // Completes the cursor: those of the snapshots name the collections that are still missing.
            None if !lacked.is_empty() => frames.push(self.changes(&ChangedRows::new(), &now.cursor)),
            None => {}
        }
        Frame::concat(&frames)
    }

    /// The snapshot, or the notice that the collection is withheld.
    fn snapshot_or_notice(&self, rank: usize, view: &CollectionView, now: &CursorContext) -> Frame {
        view.notice().unwrap_or_else(|| self.snapshot(rank, view, now))
    }

    /// The live collections: rank, counted from 1, and collection index.
    fn live_views(&self) -> impl Iterator<Item = (usize, u16, &CollectionView)> {
        let sent = (0..).zip(&self.views).filter(|(_, view)| view.sent);
        (1..).zip(sent).map(|(rank, (collection_index, view))| (rank, collection_index, view))
    }

    /// The snapshot event, `[rows, {"cursor": …}]`. Concurrent callers wait while it is encoded.
    fn snapshot(&self, rank: usize, view: &CollectionView, now: &CursorContext) -> Frame {
        let mut cached = view.cached.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some(cached) if cached.is_current(now) => return cached.frame.clone(),
            _ => {}
        }
        let rows = &view.rows;
        let last = self.live_views().filter(|(_, _, view)| !view.is_withheld()).last();
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
        *cached = Some(CachedFrame::new(frame.clone(), now));
        frame
    }

    /// The event `changes` with the current rows: `{"cursor": …, "members": {"upserted": …, "deleted": …}}`.
    pub(super) fn changes(&self, changed: &ChangedRows, cursor: &Cursor) -> Frame {
        let cursor = cursor.to_string();
        let mut by_collection: BTreeMap<u16, Vec<&Key>> = BTreeMap::new();
        changed.iter().for_each(|(collection_index, key)| {
            by_collection.entry(*collection_index).or_default().push(key)
        });
        let rows =
            changed.iter().filter_map(|(collection_index, key)| self.view(*collection_index)?.rows.row(key));
        let size =
            rows.map(|row| row.len() + 1).sum::<usize>() + changed.len() * 8 + by_collection.len() * 64;
        let mut writer = FrameWriter::event("changes", size + cursor.len() + 16);
        let json = writer.arg();
        json.extend_from_slice(format!("{{\"cursor\":\"{cursor}\"").as_bytes());
        for (collection_index, keys) in by_collection {
            if let Some(view) = self.view(collection_index) {
                write_collection(json, view, &keys);
            }
        }
        json.push(b'}');
        writer.seal()
    }

    fn view(&self, collection_index: u16) -> Option<&CollectionView> {
        self.views.get(usize::from(collection_index))
    }
}

fn withheld(views: &[CollectionView]) -> impl Iterator<Item = &str> {
    views.iter().filter(|view| view.is_withheld()).map(|view| view.plural)
}

fn write_collection(json: &mut Vec<u8>, view: &CollectionView, keys: &[&Key]) {
    json.extend_from_slice(format!(",{}:{{\"upserted\":[", json_text(view.plural)).as_bytes());
    let mut comma = false;
    for row in keys.iter().filter_map(|key| view.rows.row(key)) {
        if std::mem::replace(&mut comma, true) {
            json.push(b',');
        }
        json.extend_from_slice(row);
    }
    json.extend_from_slice(b"],\"deleted\":[");
    let mut comma = false;
    for key in keys.iter().filter(|key| view.rows.row(key).is_none()) {
        if std::mem::replace(&mut comma, true) {
            json.push(b',');
        }
        key.write_json(view.key_columns, json);
    }
    json.extend_from_slice(b"]}");
}

#[cfg(test)]
mod tests;
