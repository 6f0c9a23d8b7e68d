//! Type-erased collections, and the events that every collection has.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use rowcast_schema::{
    ById, CountRequest, FieldErrors, ListRequest, Payload,
    contract::{self, Shape},
};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait, DbBackend, DbErr, IdenStatic, Iterable, sea_query::ColumnType};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Completed, Route, TransactionKind};
use crate::{
    collection::{Collection, Column, Comparison, Embed},
    condition::Evaluator,
    context::Context,
    database::Transaction,
    error::Error,
    idempotency::Fingerprint,
    key::{Key, KeyColumn},
    query::{self, CollectionColumns},
    store::{self, ReferencingCollection, Written},
};

/// Valid payloads of a collection's events, as JSON; that of the update has no id.
#[derive(Clone, Copy, Debug)]
pub struct Examples {
    /// For `new_…`. It references rows with id 1.
    pub new: &'static str,
    /// For `update_…`.
    pub update: &'static str,
}

/// A column of a collection's table.
#[derive(Clone, Debug)]
pub struct StoredColumn {
    /// Its name.
    pub name: &'static str,
    /// The type of its values.
    pub of: ColumnType,
}

/// A row's key, and the row as JSON.
pub type Encoded = (Key, Box<RawValue>);

/// The type-erased interface of a [`Collection`].
pub trait ErasedCollection: Send + Sync {
    /// The collection's name, which is also that of the table and of the snapshot event.
    fn name(&self) -> &'static str;
    /// Its table in SQL, in quotes.
    fn table(&self) -> String;
    /// Whether the table has a column `version` that is incremented.
    fn counts_versions(&self) -> bool {
        true
    }
    /// The name of its table in the change log.
    fn log_name(&self) -> &'static str {
        self.name()
    }
    /// The references by which rows of collections in Rust are embedded in these.
    fn embeds(&self) -> &'static [Embed] {
        &[]
    }
    /// The tables whose rows are embedded in these, each once, by their names in the change log.
    fn embedded(&self) -> Vec<&'static str> {
        Vec::new()
    }
    /// The fields that show embedded rows beside the columns that refer to them. None if rows show no such columns: what
    /// refers to an embedded row is then the id in it.
    fn embedded_fields(&self) -> Option<Vec<&'static str>> {
        None
    }
    /// On PostgreSQL, queries that differ whenever embedded rows do, of rows whose keys are numbers from `$1` to `$2`;
    /// besides those of [`embeds`](Self::embeds).
    fn embedded_stamps(&self) -> Vec<String> {
        Vec::new()
    }
    /// The keys of the rows that embed any of these rows of a table, each with the key of the embedded row. The table is
    /// one of [`embedded`](Self::embedded).
    fn rows_embedding<'a>(
        &'a self,
        _db: &'a Transaction,
        _embedded: &'a str,
        _keys: &'a [Key],
    ) -> LocalBoxFuture<'a, Result<Vec<(Key, Key)>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    /// Whether it is kept live on clients; otherwise it must be listed.
    fn is_live(&self) -> bool;
    /// The same collection without live rows: what is left of one that is gone.
    fn without_rows(&self) -> Arc<dyn ErasedCollection>;
    /// Whether it comes from the catalog of the database, not from Rust types.
    fn is_from_catalog(&self) -> bool {
        false
    }
    /// The key of an entry of the change log, in the form that rows have it.
    fn logged_key(&self, key: Key) -> Key {
        key
    }
    /// The columns of the key, in the order of the primary key.
    fn key_columns(&self) -> &'static [KeyColumn];
    /// The columns that `list_…` filters and sorts by.
    fn columns(&self) -> Vec<&'static str>;
    /// The same columns for conditions and sorts in memory, which agree with those of a database of this kind.
    fn evaluator(&self, database: DbBackend) -> Evaluator;
    /// The columns of its table that are read and written.
    fn stored_columns(&self) -> Vec<StoredColumn>;
    /// Valid payloads, for tests and documentation.
    fn examples(&self) -> Examples;
    /// Adds its types to the schema.
    fn describe(&self, contract: &mut contract::Builder);
    /// The rows with these keys, encoded.
    fn by_keys<'a>(
        &'a self,
        db: &'a Transaction,
        keys: &'a [Key],
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>>;
    /// The next rows after a key, or the first rows, in the order of the keys, encoded.
    fn page<'a>(
        &'a self,
        db: &'a Transaction,
        after: Option<&'a Key>,
        limit: u64,
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>>;
    /// The singular name.
    fn singular(&self) -> &'static str;
    /// The events of every collection.
    fn routes(&self, referencing: Vec<ReferencingCollection>) -> Vec<(&'static str, Route)>;
}

pub(super) fn erase<C: Collection>() -> Arc<dyn ErasedCollection> {
    Arc::new(CollectionAdapter::<C> { is_live: C::LIVE, of: std::marker::PhantomData })
}

struct CollectionAdapter<C> {
    is_live: bool,
    of: std::marker::PhantomData<fn() -> C>,
}

impl<C: Collection> ErasedCollection for CollectionAdapter<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn table(&self) -> String {
        format!("\"{}\"", C::NAME)
    }

    fn embeds(&self) -> &'static [Embed] {
        C::EMBEDS
    }

    fn embedded(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = Vec::new();
        for embed in C::EMBEDS {
            if !all.contains(&embed.collection) {
                all.push(embed.collection);
            }
        }
        all
    }

    fn rows_embedding<'a>(
        &'a self,
        db: &'a Transaction,
        embedded: &'a str,
        keys: &'a [Key],
    ) -> LocalBoxFuture<'a, Result<Vec<(Key, Key)>, Error>> {
        // The columns that refer to embedded rows are numbers.
        let ids: Vec<i64> = keys.iter().filter_map(Key::as_number).collect();
        Box::pin(async move {
            let mut found = Vec::new();
            if ids.is_empty() {
                return Ok(found);
            }
            for embed in C::EMBEDS.iter().filter(|embed| embed.collection == embedded) {
                let rows = store::rows_embedding(db, embed, &ids).await?;
                found.extend(rows.into_iter().map(|(row, shows)| (row.into(), shows.into())));
            }
            Ok(found)
        })
    }

    fn is_live(&self) -> bool {
        self.is_live
    }

    fn without_rows(&self) -> Arc<dyn ErasedCollection> {
        Arc::new(Self { is_live: false, of: std::marker::PhantomData })
    }

    fn singular(&self) -> &'static str {
        C::SINGULAR
    }

    fn key_columns(&self) -> &'static [KeyColumn] {
        const { &[KeyColumn::number("id")] }
    }

    fn columns(&self) -> Vec<&'static str> {
        C::columns().map(|(name, _)| name).collect()
    }

    fn evaluator(&self, database: DbBackend) -> Evaluator {
        Evaluator::new(Arc::new(CollectionColumns::<C>::new(database == DbBackend::Postgres)))
    }

    fn stored_columns(&self) -> Vec<StoredColumn> {
        let column = |column: Column<C>| StoredColumn {
            name: column.as_str(),
            of: column.def().get_column_type().clone(),
        };
        Column::<C>::iter().map(column).collect()
    }

    fn examples(&self) -> Examples {
        Examples { new: C::New::EXAMPLE, update: C::Update::EXAMPLE }
    }

    fn describe(&self, contract: &mut contract::Builder) {
        contract.collection::<C::Row, C::New, C::Update>(
            (C::SINGULAR, C::NAME),
            self.is_live,
            self.columns(),
        );
        let as_number = |column: &&str| C::comparison(column) == Comparison::AsNumber;
        contract.numbers(self.columns().into_iter().filter(as_number).collect());
    }

    fn by_keys<'a>(
        &'a self,
        db: &'a Transaction,
        keys: &'a [Key],
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>> {
        // No row has another key than a number.
        let ids = keys.iter().filter_map(Key::as_number);
        Box::pin(async move { encode(store::find_by_ids::<C>(db, ids).await) })
    }

    fn page<'a>(
        &'a self,
        db: &'a Transaction,
        after: Option<&'a Key>,
        limit: u64,
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>> {
        Box::pin(async move {
            let id = after.and_then(Key::as_number);
            // Numbers come before all other keys.
            if after.is_some() && id.is_none() {
                return Ok(Vec::new());
            }
            encode(store::page::<C>(db, id, limit).await)
        })
    }

    fn routes(&self, referencing: Vec<ReferencingCollection>) -> Vec<(&'static str, Route)> {
        let referencing: Arc<[_]> = referencing.into();
        let create = Route::from_decoder::<C::New, _, _>(|payload| {
            let (new, errors) = rowcast_schema::read::<C::New>(payload)?;
            let kind = if errors.is_empty() { TransactionKind::Write } else { TransactionKind::Validate };
            let draft = C::create(new.clone());
            let fingerprint = Fingerprint::of(new, errors.clone());
            Ok((kind, fingerprint, async move |context: &Context<'_>| {
                let mut draft = draft.clone();
                store::reject_invalid::<C>(context, None, &mut draft, &errors).await?;
                store::insert_row::<C>(context, draft).await.map(completed)
            }))
        });
        let update = Route::from_decoder::<C::Update, _, _>(|payload| {
            let (update, errors) = rowcast_schema::read::<C::Update>(payload)?;
            let changes = C::update(update.clone());
            let kind = if errors.is_empty() { write_to::<C>(changes.id) } else { TransactionKind::Validate };
            let fingerprint = Fingerprint::of(update, errors.clone());
            Ok((kind, fingerprint, async move |context: &Context<'_>| {
                let mut update = changes.clone();
                store::reject_invalid::<C>(context, Some(update.id), &mut update.changeset, &errors).await?;
                store::update_row::<C>(context, update).await.map(completed)
            }))
        });
        let delete = Route::from_decoder::<ById, _, _>(move |payload| {
            let row: ById = rowcast_schema::decode(payload)?;
            let (referencing, fingerprint) = (referencing.clone(), Fingerprint::of(row, FieldErrors::new()));
            Ok((write_to::<C>(row.id), fingerprint, async move |context: &Context<'_>| {
                let deleted = store::delete::<C>(context, row.id, &referencing).await?;
                Ok(Completed::written(Deleted { id: row.id }, deleted))
            }))
        });
        let get = Route::new(TransactionKind::Read, async |context: &Context<'_>, row: ById| {
            store::get::<C>(context.db, row.id).await
        });
        let list = Route::from_decoder::<ListRequest, _, _>(|payload| {
            let columns: Vec<_> = C::COLUMNS.iter().map(|(name, _)| *name).collect();
            let (request, errors) = ListRequest::read_for(payload, &columns)?;
            let query = query::Query::<C>::new(request, errors)?;
            Ok((TransactionKind::Read, Fingerprint::none(), async move |context: &Context<'_>| {
                query.run(context.db).await.map(Completed::from)
            }))
        });
        let count = Route::with_shape(Shape::of_count::<query::Counted>(), |payload| {
            let columns: Vec<_> = C::COLUMNS.iter().map(|(name, _)| *name).collect();
            let (request, errors) = CountRequest::read_for(payload, &columns)?;
            let count = query::Count::<C>::new(&request, errors)?;
            Ok((TransactionKind::Read, Fingerprint::none(), async move |context: &Context<'_>| {
                count.run(context.db).await.map(Completed::from)
            }))
        });
        let (a_row, rows) = (C::New::NOUN, C::NAME.replace('_', " "));
        vec![
            (event_name("new", C::SINGULAR), create.described(format!("Makes {a_row}."))),
            (
                event_name("update", C::SINGULAR),
                update.described(format!("Changes {a_row}; what is absent stays.")),
            ),
            (event_name("delete", C::SINGULAR), delete.described(format!("Deletes {a_row}."))),
            (event_name("get", C::SINGULAR), get.described(format!("Finds {a_row} by its id."))),
            (event_name("list", C::NAME), list.described(format!("Lists {rows}, a page at a time."))),
            (event_name("count", C::NAME), count.described(format!("Counts {rows}."))),
        ]
    }
}

fn completed<R>((row, written): (R, Written)) -> Completed<R> {
    Completed::written(row, written)
}

fn write_to<C: Collection>(id: i64) -> TransactionKind {
    TransactionKind::WriteTo { collection: C::NAME, key: id.into() }
}

/// The ack's `data` of a deletion.
#[derive(Serialize, JsonSchema)]
struct Deleted {
    /// The id of the deleted row.
    id: i64,
}

fn encode<T: Serialize>(rows: Result<Vec<(i64, T)>, DbErr>) -> Result<Vec<Encoded>, Error> {
    rows?.iter().map(|(id, row)| Ok((Key::Number(*id), store::json(row)?))).collect()
}

/// Leaks the name: a few dozen are created, once.
fn event_name(verb: &str, what: &str) -> &'static str {
    Box::leak(format!("{verb}_{what}").into_boxed_str())
}
