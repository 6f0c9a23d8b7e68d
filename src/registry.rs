//! Which events there are, and which collections: built once from [`crate::collections`].
//!
//! A [`Route`] is an event's handler with its types hidden: it decodes a payload on the socket's thread, and what
//! comes out is work for the database's thread.

use std::{collections::HashMap, sync::Arc};

use api_schema::{ById, ListRequest, Payload};
use futures_util::future::LocalBoxFuture;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    collection::{Collection, Nested},
    context::Context,
    database::Transaction,
    error::Error,
    query,
    store::{self, Referrer},
};

/// Events by name, collections in the order their snapshots are sent.
pub struct Registry {
    routes: HashMap<&'static str, Route>,
    aliases: HashMap<&'static str, &'static str>,
    kinds: Vec<Arc<dyn Kind>>,
}

/// Whether a handler needs a transaction that can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Over one picture of the database, beside other readers.
    Read,
    /// In a transaction that is committed at the end.
    Write,
}

type Decode = dyn Fn(&RawValue) -> Result<(Access, Box<dyn Work>), Error> + Send + Sync;

/// An event's handler with its types hidden.
pub struct Route(Box<Decode>);

impl Route {
    /// A plain async function over a decoded payload.
    pub fn new<P, T, H>(access: Access, handler: H) -> Self
    where
        P: Payload + Clone + Send + Sync + 'static,
        T: Serialize + 'static,
        H: AsyncFn(&Context<'_>, P) -> Result<T, Error> + Clone + Send + Sync + 'static,
    {
        Self::with(move |payload| {
            let payload = api_schema::decode::<P>(payload)?;
            let handler = handler.clone();
            Ok((access, async move |context: &Context<'_>| handler(context, payload.clone()).await))
        })
    }

    /// For those who decode in a way of their own: what comes out is what to do, and what it needs of the database.
    pub fn with<T, W>(
        decode: impl Fn(&RawValue) -> Result<(Access, W), Error> + Send + Sync + 'static,
    ) -> Self
    where
        T: Serialize + 'static,
        W: AsyncFn(&Context<'_>) -> Result<T, Error> + Send + 'static,
    {
        Self(Box::new(move |payload| {
            let (access, work) = decode(payload)?;
            Ok((access, Box::new(Typed(work)) as Box<dyn Work>))
        }))
    }

    /// What the payload asks for, ready to run.
    ///
    /// # Errors
    /// [`Error::BadPayload`] and [`Error::Invalid`]; nothing has touched the database yet.
    pub fn decode(&self, payload: &RawValue) -> Result<(Access, Box<dyn Work>), Error> {
        (self.0)(payload)
    }
}

/// A decoded request: what runs in a transaction, more than once if it loses a race.
pub trait Work: Send {
    /// Runs it; the value is the ack's `data`.
    fn run<'a>(&'a self, context: &'a Context<'a>) -> LocalBoxFuture<'a, Result<Box<RawValue>, Error>>;
}

struct Typed<W>(W);

impl<T, W> Work for Typed<W>
where
    T: Serialize,
    W: AsyncFn(&Context<'_>) -> Result<T, Error> + Send,
{
    fn run<'a>(&'a self, context: &'a Context<'a>) -> LocalBoxFuture<'a, Result<Box<RawValue>, Error>> {
        Box::pin(async move { store::json(&(self.0)(context).await?) })
    }
}

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
    /// The columns that `list_…` knows.
    fn columns(&self) -> Vec<&'static str>;
    /// Payloads that are valid, for tests and documentation.
    fn examples(&self) -> Examples;
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

struct Of<C>(std::marker::PhantomData<fn() -> C>);

impl<C: Collection> Kind for Of<C> {
    fn plural(&self) -> &'static str {
        C::PLURAL
    }

    fn nests(&self) -> &'static [Nested] {
        C::NESTS
    }

    fn name(&self) -> &'static str {
        C::NAME
    }

    fn columns(&self) -> Vec<&'static str> {
        C::COLUMNS.iter().map(|(name, _)| *name).collect()
    }

    fn examples(&self) -> Examples {
        Examples { new: C::New::EXAMPLE, update: C::Update::EXAMPLE }
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
        let create = Route::with(|payload| {
            let (new, errors) = api_schema::read::<C::New>(payload)?;
            let access = if errors.is_empty() { Access::Write } else { Access::Read };
            Ok((access, async move |context: &Context<'_>| {
                let draft = C::create(new.clone());
                store::valid::<C>(context.db, None, &draft, &errors).await?;
                store::insert::<C>(context.db, draft).await
            }))
        });
        let update = Route::with(|payload| {
            let (update, errors) = api_schema::read::<C::Update>(payload)?;
            let access = if errors.is_empty() { Access::Write } else { Access::Read };
            Ok((access, async move |context: &Context<'_>| {
                let edit = C::update(update.clone());
                store::valid::<C>(context.db, Some(edit.id), &edit.draft, &errors).await?;
                store::update::<C>(context.db, edit).await
            }))
        });
        let delete = Route::new(Access::Write, async move |context: &Context<'_>, row: ById| {
            store::delete::<C>(context.db, row.id, &referrers).await?;
            Ok(Deleted { id: row.id })
        });
        let get = Route::new(Access::Read, async |context: &Context<'_>, row: ById| {
            store::get::<C>(context.db, row.id).await
        });
        let list = Route::with(|payload| {
            let (request, errors) = api_schema::read::<ListRequest>(payload)?;
            let query = query::Query::<C>::new(request, errors)?;
            Ok((Access::Read, async move |context: &Context<'_>| query.run(context.db).await))
        });
        vec![
            (name("new", C::NAME), create),
            (name("update", C::NAME), update),
            (name("delete", C::NAME), delete),
            (name("get", C::NAME), get),
            (name("list", C::PLURAL), list),
        ]
    }
}

/// What a deletion is acked with.
#[derive(Serialize)]
struct Deleted {
    id: i64,
}

fn encode<T: Serialize>(rows: Result<Vec<(i64, T)>, DbErr>) -> Result<Vec<Encoded>, Error> {
    rows?.iter().map(|(id, row)| Ok((*id, store::json(row)?))).collect()
}

/// Event names live as long as the process: there are a few dozen, made once.
fn name(verb: &str, what: &str) -> &'static str {
    Box::leak(format!("{verb}_{what}").into_boxed_str())
}

impl Registry {
    /// Nothing yet; see [`Builder::with`].
    #[must_use]
    pub fn builder() -> Builder {
        Builder { kinds: Vec::new(), routes: Vec::new(), aliases: Vec::new() }
    }

    /// Who handles an event.
    #[must_use]
    pub fn route(&self, event: &str) -> Option<(&'static str, &Route)> {
        let event = self.aliases.get(event).copied().unwrap_or(event);
        self.routes.get_key_value(event).map(|(name, route)| (*name, route))
    }

    /// All events, in no order.
    pub fn events(&self) -> impl Iterator<Item = &'static str> {
        self.routes.keys().copied()
    }

    /// All collections, in the order they were registered.
    #[must_use]
    pub fn kinds(&self) -> &[Arc<dyn Kind>] {
        &self.kinds
    }
}

/// Collects what a product registers.
pub struct Builder {
    kinds: Vec<Arc<dyn Kind>>,
    routes: Vec<(&'static str, Route)>,
    aliases: Vec<(&'static str, &'static str)>,
}

impl Builder {
    /// A collection, with all that comes with it.
    #[must_use]
    pub fn with<C: Collection>(mut self) -> Self {
        self.kinds.push(Arc::new(Of::<C>(std::marker::PhantomData)));
        self
    }

    /// An event beyond the usual ones.
    #[must_use]
    pub fn on(mut self, event: &'static str, route: Route) -> Self {
        self.routes.push((event, route));
        self
    }

    /// A second name for an event.
    #[must_use]
    pub fn alias(mut self, alias: &'static str, event: &'static str) -> Self {
        self.aliases.push((alias, event));
        self
    }

    /// Puts it together.
    ///
    /// # Panics
    /// If an event is registered twice: a mistake in the program, found by its first start.
    #[must_use]
    pub fn build(self) -> Registry {
        let mut routes = HashMap::new();
        let mut add = |event, route| {
            let before = routes.insert(event, route);
            assert!(before.is_none(), "the event {event} is registered twice");
        };
        for kind in &self.kinds {
            let shows = |other: &Arc<dyn Kind>| {
                let nests = other.nests().iter().filter(|nested| nested.collection == kind.plural());
                let referrer = |nested: &Nested| Referrer {
                    name: other.name(),
                    plural: other.plural(),
                    nested: *nested,
                };
                nests.map(referrer).collect::<Vec<_>>()
            };
            let referrers = self.kinds.iter().flat_map(shows).collect();
            kind.routes(referrers).into_iter().for_each(|(event, route)| add(event, route));
        }
        self.routes.into_iter().for_each(|(event, route)| add(event, route));
        Registry { routes, aliases: self.aliases.into_iter().collect(), kinds: self.kinds }
    }
}
