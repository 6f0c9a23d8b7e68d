//! A cache of all rows of a collection as JSON, in the order of their keys, in immutable shared pages.
//!
//! ```text
//! Cache ─▶ [ page 1–212 │ page 213–407 │ … ]       a page: `row,row,row`
//!               a change replaces one page; a copy of the cache shares all of them
//! ```
//!
//! So the cost of a change hardly grows with the collection, a copy can be read on another thread while changes
//! continue, and a snapshot is encoded by copying pages instead of rows.

mod keys;
mod page;

use std::{collections::BTreeMap, iter::Peekable, sync::Arc};

use serde_json::value::RawValue;

use crate::key::{Key, KeyRef};
use page::{Page, Pages};

/// Rows by key; none for a deleted row.
pub(super) type Rows = BTreeMap<Key, Option<Box<RawValue>>>;

/// The rows of one collection. A clone shares them.
#[derive(Clone, Default)]
pub(super) struct Cache {
    pages: Arc<Vec<Arc<Page>>>,
    rows: usize,
    bytes: usize,
    memory: usize,
}

impl Cache {
    /// Appends rows in the order of their keys, after all existing ones.
    pub(super) fn append(&mut self, rows: impl IntoIterator<Item = (Key, Box<RawValue>)>) {
        let last = self.pages.len().saturating_sub(1);
        let mut pages = Pages::of(self.bytes);
        if let Some(page) = self.pages.last() {
            pages.extend(page.rows());
        }
        for (key, row) in rows {
            pages.push(key.as_key_ref(), row.get().as_bytes());
        }
        self.replace(last..self.pages.len(), pages.finish());
    }

    /// Inserts, replaces and deletes rows; returns the keys of those that differ.
    pub(super) fn update(&mut self, rows: &Rows) -> Vec<Key> {
        let mut news = Vec::new();
        let mut changes = rows.iter().map(|(key, row)| (key.as_key_ref(), row.as_deref())).peekable();
        while let Some((key, _)) = changes.peek() {
            let at = self.page_of(*key);
            let end = self.pages.get(at + 1).map(|next| next.first());
            let known = news.len();
            let pages = merge(Pages::of(self.bytes), self.pages.get(at), end, &mut changes, &mut news);
            if news.len() > known {
                self.replace(at..self.pages.len().min(at + 1), pages.finish_evenly());
            }
        }
        news
    }

    /// The row, if it exists.
    pub(super) fn row(&self, key: &Key) -> Option<&[u8]> {
        let key = key.as_key_ref();
        self.pages.get(self.page_of(key)).and_then(|page| page.row(key))
    }

    /// The keys of rows that differ, or exist in only one of the two.
    pub(super) fn difference(&self, other: &Self) -> Vec<Key> {
        let (mut one, mut two) = (self.all().peekable(), other.all().peekable());
        let mut different = Vec::new();
        while let Some(key) = first(one.peek(), two.peek()) {
            let (one, two) = (one.next_if(|(at, _)| *at == key), two.next_if(|(at, _)| *at == key));
            if one != two {
                different.push(key.to_key());
            }
        }
        different
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// The size of the rows' JSON.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The memory used.
    pub(super) fn memory(&self) -> usize {
        self.memory + self.pages.capacity() * size_of::<Arc<Page>>()
    }

    /// Appends all rows, separated by commas.
    pub(super) fn write(&self, json: &mut Vec<u8>) {
        for (at, page) in self.pages.iter().enumerate() {
            if at > 0 {
                json.push(b',');
            }
            json.extend_from_slice(page.json());
        }
    }

    /// The rows after a key, or all rows.
    pub(super) fn after(&self, key: Option<&Key>) -> impl Iterator<Item = (KeyRef<'_>, &[u8])> {
        let key = key.map(Key::as_key_ref);
        let first = key.map_or(0, |key| self.page_of(key));
        let pages = self.pages.get(first..).unwrap_or_default();
        pages.iter().flat_map(|page| page.rows()).skip_while(move |(at, _)| Some(*at) <= key)
    }

    /// All rows.
    pub(super) fn all(&self) -> impl Iterator<Item = (KeyRef<'_>, &[u8])> {
        self.pages.iter().flat_map(|page| page.rows())
    }

    /// The index of the page that a key belongs to.
    fn page_of(&self, key: KeyRef<'_>) -> usize {
        self.pages.partition_point(|page| page.first() <= key).saturating_sub(1)
    }

    fn replace(&mut self, range: std::ops::Range<usize>, pages: Vec<Page>) {
        let new: Vec<Arc<Page>> = pages.into_iter().map(Arc::new).collect();
        for page in &new {
            self.count(page, usize::wrapping_add);
        }
        let all = Arc::make_mut(&mut self.pages);
        let old: Vec<Arc<Page>> = all.splice(range, new).collect();
        for page in old {
            self.count(&page, usize::wrapping_sub);
        }
    }

    fn count(&mut self, page: &Page, by: fn(usize, usize) -> usize) {
        self.rows = by(self.rows, page.len());
        self.bytes = by(self.bytes, page.bytes());
        self.memory = by(self.memory, page.memory());
    }
}

/// Merges a page's rows with the changes below `end`.
fn merge<'a>(
    mut pages: Pages,
    page: Option<&Arc<Page>>,
    end: Option<KeyRef<'_>>,
    changes: &mut Peekable<impl Iterator<Item = (KeyRef<'a>, Option<&'a RawValue>)>>,
    news: &mut Vec<Key>,
) -> Pages {
    let mut rows = page.into_iter().flat_map(|page| page.rows()).peekable();
    loop {
        let change = changes.peek().filter(|(key, _)| end.is_none_or(|end| *key < end));
        let Some(key) = first(rows.peek(), change) else { return pages };
        let old = rows.next_if(|(at, _)| *at == key).map(|(_, row)| row);
        let new = match changes.next_if(|(at, _)| *at == key) {
            None => old,
            Some((_, row)) => {
                let row = row.map(|row| row.get().as_bytes());
                if row != old {
                    news.push(key.to_key());
                }
                row
            }
        };
        if let Some(row) = new {
            pages.push(key, row);
        }
    }
}

/// The lower key of two.
fn first<'a, A, B>(one: Option<&(KeyRef<'a>, A)>, two: Option<&(KeyRef<'a>, B)>) -> Option<KeyRef<'a>> {
    let (one, two) = (one.map(|(key, _)| *key), two.map(|(key, _)| *key));
    one.into_iter().chain(two).min()
}

#[cfg(test)]
mod tests;
