//! One collection with its types hidden, and the events that come with it.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use rowcast_schema::{ById, FieldErrors, ListRequest, Payload, contract};
use schemars::JsonSchema;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Access, Route};
use crate::{
    collection::{Collection, Comparison, Nested},
    context::Context,
    database::Transaction,
    error::Error,
    query,
    requests::Fingerprint,
    store::{self, Referrer},
};

/// What a collection's events may carry, as JSON; the update without an id.
#[derive(Clone, Copy, Debug)]
pub struct Examples {
    /// For `new_…`. It refers to rows with id 1.
    pub new: &'static str,
    /// For `update_…`.
    pub update: &'static str,
}

/// A row's id, and the row as JSON or nothing if there is no such row any more.
pub type Encoded = (i64, Box<RawValue>);

/// A collection with its types hidden: what [`crate::live`] needs of it.
pub trait Kind: Send + Sync {
    /// The table's name, which is also the snapshot event's.
    fn plural(&self) -> &'static str;
    /// Whose rows are shown within these.
    fn nests(&self) -> &'static [Nested];
    /// Whether clients are sent it, or must list it.
    fn is_sent(&self) -> bool;
    /// The columns that `list_…` knows.
    fn columns(&self) -> Vec<&'static str>;
    /// Payloads that are valid, for tests and documentation.
    fn examples(&self) -> Examples;
    /// Its types, for the schema.
    fn describe(&self, contract: &mut contract::Builder);
    /// The rows with these ids, encoded.
    fn by_ids<'a>(
        &'a self,
        db: &'a Transaction,
        ids: &'a [i64],
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>>;
    /// The next rows in id order, encoded.
    fn page<'a>(
        &'a self,
        db: &'a Transaction,
        after: i64,
        limit: u64,
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>>;
    /// One row's name.
    fn name(&self) -> &'static str;
    /// The five events that come with every collection.
    fn routes(&self, referrers: Vec<Referrer>) -> Vec<(&'static str, Route)>;
}

/// A collection's kind.
pub(super) fn of<C: Collection>() -> Arc<dyn Kind> {
    Arc::new(Of::<C>(std::marker::PhantomData))
}

struct Of<C>(std::marker::PhantomData<fn() -> C>);

impl<C: Collection> Kind for Of<C> {
    fn plural(&self) -> &'static str {
        C::PLURAL
    }

    fn nests(&self) -> &'static [Nested] {
        C::NESTS
    }

    fn is_sent(&self) -> bool {
        C::SENT
    }

    fn name(&self) -> &'static str {
        C::NAME
    }

    fn columns(&self) -> Vec<&'static str> {
        C::columns().map(|(name, _)| name).collect()
    }

    fn examples(&self) -> Examples {
        Examples { new: C::New::EXAMPLE, update: C::Update::EXAMPLE }
    }

    fn describe(&self, contract: &mut contract::Builder) {
        contract.collection::<C::Row, C::New, C::Update>((C::NAME, C::PLURAL), C::SENT, self.columns());
        let as_number = |column: &&str| C::comparison(column) == Comparison::AsNumber;
        contract.numbers(self.columns().into_iter().filter(as_number).collect());
    }

    fn by_ids<'a>(
        &'a self,
        db: &'a Transaction,
        ids: &'a [i64],
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>> {
        Box::pin(async { encode(store::by_ids::<C>(db, ids).await) })
    }

    fn page<'a>(
        &'a self,
        db: &'a Transaction,
        after: i64,
        limit: u64,
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>> {
        Box::pin(async move { encode(store::page::<C>(db, after, limit).await) })
    }

    fn routes(&self, referrers: Vec<Referrer>) -> Vec<(&'static str, Route)> {
        let referrers: Arc<[_]> = referrers.into();
        let create = Route::with::<C::New, _, _>(|payload| {
            let (new, errors) = rowcast_schema::read::<C::New>(payload)?;
            let access = if errors.is_empty() { Access::Write } else { Access::Refusal };
            let meaning = Fingerprint::of(new.clone(), errors.clone());
            Ok((access, meaning, async move |context: &Context<'_>| {
                let mut draft = C::create(new.clone());
                store::valid::<C>(context, None, &mut draft, &errors).await?;
                store::insert::<C>(context, draft).await
            }))
        });
        let update = Route::with::<C::Update, _, _>(|payload| {
            let (update, errors) = rowcast_schema::read::<C::Update>(payload)?;
            let access =
                if errors.is_empty() { to::<C>(C::update(update.clone()).id) } else { Access::Refusal };
            let meaning = Fingerprint::of(update.clone(), errors.clone());
            Ok((access, meaning, async move |context: &Context<'_>| {
                let mut edit = C::update(update.clone());
                store::valid::<C>(context, Some(edit.id), &mut edit.draft, &errors).await?;
                store::update::<C>(context, edit).await
            }))
        });
        let delete = Route::with::<ById, _, _>(move |payload| {
            let row: ById = rowcast_schema::decode(payload)?;
            let (referrers, meaning) = (referrers.clone(), Fingerprint::of(row, FieldErrors::new()));
            Ok((to::<C>(row.id), meaning, async move |context: &Context<'_>| {
                store::delete::<C>(context, row.id, &referrers).await?;
                Ok(Deleted { id: row.id })
            }))
        });
        let get = Route::new(Access::Read, async |context: &Context<'_>, row: ById| {
            store::get::<C>(context.db, row.id).await
        });
        let list = Route::with::<ListRequest, _, _>(|payload| {
            let (request, errors) = rowcast_schema::read::<ListRequest>(payload)?;
            let query = query::Query::<C>::new(request, errors)?;
            Ok((Access::Read, Fingerprint::none(), async move |context: &Context<'_>| {
                query.run(context.db).await
            }))
        });
        let (a_row, rows) = (C::New::NOUN, C::PLURAL.replace('_', " "));
        vec![
            (name("new", C::NAME), create.to(C::PLURAL).described(format!("Makes {a_row}."))),
            (
                name("update", C::NAME),
                update.to(C::PLURAL).described(format!("Changes {a_row}; what is absent stays.")),
            ),
            (name("delete", C::NAME), delete.to(C::PLURAL).described(format!("Deletes {a_row}."))),
            (name("get", C::NAME), get.described(format!("Finds {a_row} by its id."))),
            (name("list", C::PLURAL), list.described(format!("Lists {rows}, a page at a time."))),
        ]
    }
}

/// A write to that row.
fn to<C: Collection>(id: i64) -> Access {
    Access::WriteTo { plural: C::PLURAL, id }
}

/// What a deletion is acked with.
#[derive(Serialize, JsonSchema)]
struct Deleted {
    /// The id that nobody has any more.
    id: i64,
}

fn encode<T: Serialize>(rows: Result<Vec<(i64, T)>, DbErr>) -> Result<Vec<Encoded>, Error> {
    rows?.iter().map(|(id, row)| Ok((*id, store::json(row)?))).collect()
}

/// Event names live as long as the process: there are a few dozen, made once.
fn name(verb: &str, what: &str) -> &'static str {
    Box::leak(format!("{verb}_{what}").into_boxed_str())
}
