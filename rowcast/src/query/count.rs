//! `where` → the number of rows.

use std::marker::PhantomData;

use rowcast_schema::{CountRequest, FieldErrors};
use schemars::JsonSchema;
use sea_orm::{Condition as SqlCondition, EntityTrait, PaginatorTrait, QueryFilter};
use serde::Serialize;

use super::filter;
use crate::{collection::Collection, database::Transaction, error::Error};

/// The number of rows that meet a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counted {
    /// The number of rows.
    pub count: i64,
}

/// A valid request for the number of rows of a collection.
pub struct Count<C: Collection> {
    filter: SqlCondition,
    of: PhantomData<fn() -> C>,
}

impl<C: Collection> Count<C> {
    /// Resolves and validates the columns of a request.
    ///
    /// # Errors
    /// [`Error::Invalid`] for unknown columns and unsuitable values, together with `errors`.
    pub fn new(request: &CountRequest, mut errors: FieldErrors) -> Result<Self, Error> {
        let filter = filter::condition::<C>(&request.filter, &mut errors);
        if errors.is_empty() { Ok(Self { filter, of: PhantomData }) } else { Err(Error::Invalid(errors)) }
    }

    /// Counts the rows.
    ///
    /// # Errors
    /// [`Error`] of the database.
    pub async fn run(&self, db: &Transaction) -> Result<Counted, Error> {
        let count = C::Entity::find().filter(self.filter.clone()).count(db).await?;
        Ok(Counted { count: i64::try_from(count).unwrap_or(i64::MAX) })
    }
}
