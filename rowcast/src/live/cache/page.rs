//! Consecutive rows in one allocation.

use super::keys::{KeyList, Keys};
use crate::key::KeyRef;

/// The lower and upper limit of a page's size, unless one row is larger.
const BOUNDS: (usize, usize) = (16 * 1024, 1024 * 1024);
/// Bytes that can be copied in the time of incrementing and decrementing one page's reference count.
const REFERENCE_COST: usize = 1000;

/// The page size for a collection of this size. A change copies one page and counts references to all pages; at this
/// size the two cost the same.
fn page_size(bytes: usize) -> usize {
    (bytes * REFERENCE_COST).isqrt().clamp(BOUNDS.0, BOUNDS.1)
}

/// Rows in the order of their keys; at least one.
pub(super) struct Page {
    keys: Keys,
    /// The end of each row; a comma follows.
    ends: Box<[u32]>,
    json: Box<[u8]>,
}

impl Page {
    pub(super) fn first(&self) -> KeyRef<'_> {
        self.keys.at(0)
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// All rows, separated by commas.
    pub(super) fn json(&self) -> &[u8] {
        &self.json
    }

    /// The size of the rows without commas.
    pub(super) fn bytes(&self) -> usize {
        self.json.len() + 1 - self.keys.len()
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() + self.keys.memory() + size_of_val(&*self.ends) + self.json.len()
    }

    pub(super) fn row(&self, key: KeyRef<'_>) -> Option<&[u8]> {
        self.keys.find(key).map(|at| self.at(at))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (KeyRef<'_>, &[u8])> {
        (0..self.len()).map(|at| (self.keys.at(at), self.at(at)))
    }

    fn at(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize + 1);
        &self.json[start..self.ends[at] as usize]
    }
}

/// Builds pages from rows in the order of their keys.
pub(super) struct Pages {
    max_bytes: usize,
    full: Vec<Page>,
    keys: KeyList,
    ends: Vec<u32>,
    json: Vec<u8>,
}

impl Pages {
    /// Pages for a collection of this size.
    pub(super) fn of(bytes: usize) -> Self {
        Self::up_to(page_size(bytes))
    }

    fn up_to(max_bytes: usize) -> Self {
        Self { max_bytes, full: Vec::new(), keys: KeyList::default(), ends: Vec::new(), json: Vec::new() }
    }

    pub(super) fn push(&mut self, key: KeyRef<'_>, row: &[u8]) {
        if !self.keys.is_empty() && self.json.len() + row.len() >= self.max_bytes {
            self.flush();
        }
        if !self.keys.is_empty() {
            self.json.push(b',');
        }
        self.json.extend_from_slice(row);
        self.keys.push(key);
        self.ends.push(u32::try_from(self.json.len()).expect("a row has less than 4 GiB"));
    }

    pub(super) fn extend<'a>(&mut self, rows: impl Iterator<Item = (KeyRef<'a>, &'a [u8])>) {
        rows.for_each(|(key, row)| self.push(key, row));
    }

    pub(super) fn finish(mut self) -> Vec<Page> {
        self.flush();
        self.full
    }

    /// Like `finish`, for a page that has grown: if it is split, the halves have room for further changes.
    pub(super) fn finish_evenly(self) -> Vec<Page> {
        let half = self.max_bytes / 2;
        let pages = self.finish();
        if pages.len() == 1 {
            return pages;
        }
        let mut halves = Self::up_to(half);
        halves.extend(pages.iter().flat_map(Page::rows));
        halves.finish()
    }

    fn flush(&mut self) {
        if !self.keys.is_empty() {
            self.full.push(Page {
                keys: std::mem::take(&mut self.keys).into(),
                ends: std::mem::take(&mut self.ends).into(),
                json: std::mem::take(&mut self.json).into(),
            });
        }
    }
}
