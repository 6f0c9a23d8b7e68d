//! Pages of lists, limited by the number of rows and by the size of the ack.
//!
//! Rows are read and encoded in small chunks, which bounds the memory of a page even if other programs have inserted
//! large rows.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    bounds::{self, DATA},
    error::Error,
};

/// Rows read at a time.
const CHUNK: usize = 50;
/// Bytes of a page without its rows, `next` and `left_out`.
const FRAME: usize = 64;

/// A page of rows.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{R}Page")]
#[serde(bound = "")]
pub struct Page<R> {
    /// The rows in the requested order.
    #[schemars(with = "Vec<R>")]
    rows: Vec<Box<RawValue>>,
    /// The value of `after` for the next page; null at the end.
    next: Option<String>,
    /// Ids of rows of this page that are too large to be sent; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default, with = "Vec<i64>")]
    left_out: Vec<Box<RawValue>>,
    #[serde(skip)]
    #[schemars(skip)]
    of: PhantomData<fn() -> R>,
}

/// A row of a page.
pub(crate) struct Listed<P> {
    /// The values by which the rows are sorted, for `next`.
    pub(crate) position: P,
    /// The row's key as JSON.
    pub(crate) key: Box<RawValue>,
    /// The row.
    pub(crate) json: Box<RawValue>,
}

/// The builder of a page of rows with positions `P`.
pub(crate) struct PageBuilder<P> {
    collection: &'static str,
    rows: Vec<Listed<P>>,
    left_out: Vec<Box<RawValue>>,
    /// The position of the last row, if it was left out.
    last_left_out: Option<P>,
    bytes: usize,
    limit: usize,
}

impl<P> PageBuilder<P> {
    pub(crate) fn new(collection: &'static str, limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (rows, left_out) = (Vec::new(), Vec::new());
        Self { collection, rows, left_out, last_left_out: None, bytes: FRAME, limit }
    }

    /// The number of rows to read next.
    pub(crate) fn wanted(&self) -> usize {
        CHUNK.min(self.limit - self.rows.len() - self.left_out.len())
    }

    /// The position of the last row so far.
    pub(crate) fn last(&self) -> Option<&P> {
        self.last_left_out.as_ref().or_else(|| self.rows.last().map(|row| &row.position))
    }

    /// Adds the next rows; false if not all of them fit.
    pub(crate) fn add(&mut self, rows: impl IntoIterator<Item = Listed<P>>) -> bool {
        for row in rows {
            let bytes = row.json.get().len() + 1;
            if FRAME + bytes > DATA {
                self.leave_out(row);
            } else if self.bytes + bytes > DATA {
                return false;
            } else {
                self.bytes += bytes;
                self.last_left_out = None;
                self.rows.push(row);
            }
        }
        true
    }

    fn leave_out(&mut self, row: Listed<P>) {
        if bounds::PAGES.met() {
            let (collection, id, bytes) = (self.collection, row.key.get(), row.json.get().len());
            tracing::warn!(collection, id, bytes, limit = DATA, "a row is too large to be listed");
        }
        self.bytes += row.key.get().len() + 1;
        self.left_out.push(row.key);
        self.last_left_out = Some(row.position);
    }

    /// Builds the page. With `more` it has a `next`; rows that do not fit beside that are left to the next page.
    pub(crate) fn finish<R>(
        mut self,
        more: bool,
        next: impl Fn(&P) -> Result<String, Error>,
    ) -> Result<Page<R>, Error> {
        let mut end = self.last().filter(|_| more).map(&next).transpose()?;
        while self.bytes + end.as_ref().map_or(0, String::len) > DATA {
            let Some(row) = self.rows.pop() else { break };
            self.bytes -= row.json.get().len() + 1;
            if self.rows.is_empty() {
                self.leave_out(row);
            }
            end = self.last().map(&next).transpose()?;
        }
        let rows = self.rows.into_iter().map(|row| row.json).collect();
        Ok(Page { rows, next: end, left_out: self.left_out, of: PhantomData })
    }
}
