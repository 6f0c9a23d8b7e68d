//! One page of a list: it ends where it was asked to, or before its ack would be too large.
//!
//! Rows are read a few at a time and encoded at once, so what a page costs while it is made is bounded by those few, however large
//! the rows are that others have put into the table.

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
/// Bytes of a page without its rows, `next` and the ids of those that are left out.
const FRAME: usize = 64;
/// Bytes of an id and a comma, at most.
const ID: usize = 21;

/// A page of rows.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{R}Page")]
#[serde(bound = "")]
pub struct Page<R> {
    /// In the order that was asked for.
    #[schemars(with = "Vec<R>")]
    rows: Vec<Box<RawValue>>,
    /// What to send as `after` for the next page; null at the end.
    next: Option<String>,
    /// Ids of rows that belong here and are too large to be sent, if there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    left_out: Vec<i64>,
    #[serde(skip)]
    #[schemars(skip)]
    of: PhantomData<fn() -> R>,
}

/// A page in the making.
pub(super) struct Filling<C: Collection> {
    rows: Vec<Box<RawValue>>,
    /// Those of the rows: a page that ends after one says where that is.
    models: Vec<Model<C>>,
    left_out: Vec<i64>,
    /// The one that was left out last, if no row has come since.
    passed: Option<Model<C>>,
    bytes: usize,
    limit: usize,
}

impl<C: Collection> Filling<C> {
    pub(super) fn new(limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (rows, models, left_out) = (Vec::new(), Vec::new(), Vec::new());
        Self { rows, models, left_out, passed: None, bytes: FRAME, limit }
    }

    /// How many more rows are to be read at once.
    pub(super) fn wanted(&self) -> usize {
        CHUNK.min(self.limit - self.rows.len() - self.left_out.len())
    }

    /// Where it ends so far.
    pub(super) fn last(&self) -> Option<&Model<C>> {
        self.passed.as_ref().or_else(|| self.models.last())
    }

    /// Takes rows that follow; false if not all of them fit.
    pub(super) async fn take(&mut self, db: &Transaction, models: Vec<Model<C>>) -> Result<bool, Error> {
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
                self.passed = None;
                self.rows.push(json);
                self.models.push(model);
            }
        }
        Ok(true)
    }

    fn leave_out(&mut self, model: Model<C>, bytes: usize) {
        let id = crate::collection::id_of::<C>(&model);
        if bounds::PAGES.met() {
            tracing::warn!(
                collection = C::PLURAL,
                id,
                bytes,
                limit = DATA,
                "a row is too large to be listed"
            );
        }
        self.bytes += ID;
        self.left_out.push(id);
        self.passed = Some(model);
    }

    /// The page. If it is not the last, `next` says where it ends; rows for which there is no room beside that follow on the next one.
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
