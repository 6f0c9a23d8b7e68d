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
    collection::{Collection, Model},
    database::Transaction,
    error::Error,
    store,
};

/// Rows read at a time.
const CHUNK: usize = 50;
/// Bytes of a page without its rows, `next` and `left_out`.
const FRAME: usize = 64;
/// Bytes of an id and a comma, at most.
const ID: usize = 21;

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
    #[schemars(default)]
    left_out: Vec<i64>,
    #[serde(skip)]
    #[schemars(skip)]
    of: PhantomData<fn() -> R>,
}

/// The builder of a page.
pub(super) struct PageBuilder<C: Collection> {
    rows: Vec<Box<RawValue>>,
    /// The models of the rows, for `next`.
    models: Vec<Model<C>>,
    left_out: Vec<i64>,
    /// The last row, if it was left out.
    last_left_out: Option<Model<C>>,
    bytes: usize,
    limit: usize,
}

impl<C: Collection> PageBuilder<C> {
    pub(super) fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (rows, models, left_out) = (Vec::new(), Vec::new(), Vec::new());
        Self { rows, models, left_out, last_left_out: None, bytes: FRAME, limit }
    }

    /// The number of rows to read next.
    pub(super) fn wanted(&self) -> usize {
        CHUNK.min(self.limit - self.rows.len() - self.left_out.len())
    }

    /// The last row so far.
    pub(super) fn last(&self) -> Option<&Model<C>> {
        self.last_left_out.as_ref().or_else(|| self.models.last())
    }

    /// Adds the next rows; false if not all of them fit.
    pub(super) async fn add(&mut self, db: &Transaction, models: Vec<Model<C>>) -> Result<bool, Error> {
        let rows = C::rows(db, models.clone()).await?;
        for (model, row) in models.into_iter().zip(rows) {
            let json = store::json(&row)?;
            let bytes = json.get().len() + 1;
            if FRAME + bytes > DATA {
                self.leave_out(model, bytes);
            } else if self.bytes + bytes > DATA {
                return Ok(false);
            } else {
                self.bytes += bytes;
                self.last_left_out = None;
                self.rows.push(json);
                self.models.push(model);
            }
        }
        Ok(true)
    }

    fn leave_out(&mut self, model: Model<C>, bytes: usize) {
        let id = crate::collection::id_of::<C>(&model);
        if bounds::PAGES.met() {
            tracing::warn!(collection = C::NAME, id, bytes, limit = DATA, "a row is too large to be listed");
        }
        self.bytes += ID;
        self.left_out.push(id);
        self.last_left_out = Some(model);
    }

    /// Builds the page. With `more` it has a `next`; rows that do not fit beside that are left to the next page.
    pub(super) fn finish(
        mut self,
        more: bool,
        next: impl Fn(&Model<C>) -> Result<String, Error>,
    ) -> Result<Page<C::Row>, Error> {
        let mut end = self.last().filter(|_| more).map(&next).transpose()?;
        while self.bytes + end.as_ref().map_or(0, String::len) > DATA {
            let (Some(row), Some(model)) = (self.rows.pop(), self.models.pop()) else { break };
            let bytes = row.get().len() + 1;
            self.bytes -= bytes;
            if self.models.is_empty() {
                self.leave_out(model, bytes);
            }
            end = self.last().map(&next).transpose()?;
        }
        Ok(Page { rows: self.rows, next: end, left_out: self.left_out, of: PhantomData })
    }
}
