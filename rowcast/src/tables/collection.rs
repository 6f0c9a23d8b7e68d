//! Tables as the engine's collections.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use rowcast_schema::{
    CountRequest, FieldErrors, ListRequest,
    contract::{self, Shape, TableEvent},
};
use sea_orm::DbBackend;
use serde_json::value::RawValue;

use super::{
    altered::unless_altered,
    definition::{Definition, Notice, VersionSource},
    numbering::Numbering,
    payload::Payload,
};
use crate::{
    catalog::Catalog,
    condition::Evaluator,
    context::Context,
    database::Transaction,
    error::Error,
    idempotency::Fingerprint,
    intern::intern,
    key::{Key, KeyColumn},
    project::{self, CollectionSettings, Named, Settings},
    query::Counted,
    registry::{Completed, Encoded, ErasedCollection, Examples, Route, StoredColumn, TransactionKind},
    store::{self, ReferencingCollection},
};

/// A table as a collection.
pub(super) struct TableCollection(pub(super) Arc<Definition>);

/// The tables of a catalog as collections, with what the operator should know.
pub(super) fn collections(
    catalog: &Catalog,
    is_postgres: bool,
    settings: &Settings,
) -> (Vec<TableCollection>, Vec<Notice>) {
    let numbering = Numbering::of(catalog);
    let (mut all, mut notices) = (Vec::new(), Vec::new());
    for Named { table, names } in project::named(catalog, settings) {
        let (name, singular) = match names {
            Ok(names) => names,
            Err(sentence) => {
                notices.push(Notice { table: table.name.name.clone(), sentence });
                continue;
            }
        };
        let (schema, own_name) = (&*table.name.schema, &*table.name.name);
        let mut own = settings
            .collection(schema, own_name)
            .cloned()
            .unwrap_or_else(|| CollectionSettings::of(own_name));
        own.hidden.extend(settings.password_column(schema, own_name).map(str::to_owned));
        let (definition, found) =
            Definition::of(table, catalog, &numbering, &own, (&name, &singular), is_postgres);
        all.extend(definition.map(|definition| TableCollection(Arc::new(definition))));
        notices.extend(found);
    }
    (all, notices)
}

impl TableCollection {
    fn create_route(&self) -> Route {
        let of = self.0.clone();
        Route::with_shape(Shape::of_table(TableEvent::New), move |payload| {
            let (payload, errors) = of.read_new(payload)?;
            let kind = if errors.is_empty() { TransactionKind::Write } else { TransactionKind::Validate };
            let (fingerprint, of) = (fingerprint(&of, &payload, &errors), of.clone());
            Ok((kind, fingerprint, async move |context: &Context<'_>| {
                unless_altered(async {
                    reject(&of, context, &payload, &errors).await?;
                    let (row, written) = of.insert(context, &payload).await?;
                    Ok(Completed::written(row, written))
                })
                .await
            }))
        })
    }

    fn update_route(&self) -> Route {
        let of = self.0.clone();
        Route::with_shape(Shape::of_table(TableEvent::Update), move |payload| {
            let (payload, errors) = of.read_update(payload)?;
            let kind = match &payload.key {
                Some(key) if errors.is_empty() => write_to(&of, key),
                _ => TransactionKind::Validate,
            };
            let (fingerprint, of) = (fingerprint(&of, &payload, &errors), of.clone());
            Ok((kind, fingerprint, async move |context: &Context<'_>| {
                unless_altered(async {
                    reject(&of, context, &payload, &errors).await?;
                    let key = payload.key.as_ref().ok_or_else(|| Error::Internal("a key was read".into()))?;
                    let (row, written) = of.update(context, key, &payload).await?;
                    Ok(Completed::written(row, written))
                })
                .await
            }))
        })
    }

    fn delete_route(&self) -> Route {
        let of = self.0.clone();
        Route::with_shape(Shape::of_table(TableEvent::Delete), move |payload| {
            let (key, payload) = of.read_key_alone(payload)?;
            let fingerprint = fingerprint(&of, &payload, &FieldErrors::new());
            let (kind, of) = (write_to(&of, &key), of.clone());
            Ok((kind, fingerprint, async move |context: &Context<'_>| {
                let deleted = unless_altered(of.delete(context, &key)).await?;
                Ok(Completed::written(key_object(&of, &deleted.key)?, deleted))
            }))
        })
    }

    fn get_route(&self) -> Route {
        let of = self.0.clone();
        Route::with_shape(Shape::of_table(TableEvent::Get), move |payload| {
            let (key, _) = of.read_key_alone(payload)?;
            let of = of.clone();
            Ok((TransactionKind::Read, Fingerprint::none(), async move |context: &Context<'_>| {
                let found = unless_altered(of.find(context.db, &key, false)).await?;
                found.map(|row| Completed::from(row.json)).ok_or_else(|| of.not_found(&key))
            }))
        })
    }

    fn list_route(&self) -> Route {
        let of = self.0.clone();
        Route::with_shape(Shape::of_table(TableEvent::List), move |payload| {
            let (request, errors) = ListRequest::read_for(payload, &of.sortable_columns())?;
            let (query, of) = (of.list_query(&request, errors)?, of.clone());
            Ok((TransactionKind::Read, Fingerprint::none(), async move |context: &Context<'_>| {
                unless_altered(of.list(context.db, &query)).await.map(Completed::from)
            }))
        })
    }

    fn count_route(&self) -> Route {
        let of = self.0.clone();
        Route::with_shape(Shape::of_count::<Counted>(), move |payload| {
            let (request, errors) = CountRequest::read_for(payload, &of.sortable_columns())?;
            let (query, of) = (of.count_query(&request, errors)?, of.clone());
            Ok((TransactionKind::Read, Fingerprint::none(), async move |context: &Context<'_>| {
                unless_altered(of.count(context.db, &query)).await.map(Completed::from)
            }))
        })
    }
}

async fn reject(
    of: &Definition,
    context: &Context<'_>,
    payload: &Payload,
    errors: &FieldErrors,
) -> Result<(), Error> {
    if errors.is_empty() { Ok(()) } else { of.reject_invalid(context, None, payload, errors).await }
}

fn write_to(of: &Definition, key: &Key) -> TransactionKind {
    TransactionKind::WriteTo { collection: of.name, key: key.clone() }
}

fn fingerprint(of: &Definition, payload: &Payload, errors: &FieldErrors) -> Fingerprint {
    Fingerprint::of(of.meaning(payload), errors.clone())
}

/// The key as an object, whatever the number of its columns.
fn key_object(of: &Definition, key: &Key) -> Result<Box<RawValue>, Error> {
    match key {
        Key::Columns(_) => store::json(&key.named(of.key_columns)),
        key => {
            let name = of.key_columns.first().map_or("id", |column| column.name);
            store::json(&std::collections::BTreeMap::from([(name, key.named(of.key_columns))]))
        }
    }
}

impl ErasedCollection for TableCollection {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn table(&self) -> String {
        self.0.source.clone()
    }

    fn counts_versions(&self) -> bool {
        self.0.version == VersionSource::Column
    }

    fn log_name(&self) -> &'static str {
        self.0.log_name
    }

    fn embedded(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = Vec::new();
        // Rows that are only listed are not sent.
        for embedding in self.0.embeds.iter().filter(|_| self.0.is_live) {
            if !all.contains(&embedding.log_name()) {
                all.push(embedding.log_name());
            }
        }
        all
    }

    fn embedded_fields(&self) -> Option<Vec<&'static str>> {
        Some(self.0.embeds.iter().map(|embedding| embedding.field).collect())
    }

    fn embedded_stamps(&self) -> Vec<String> {
        self.0.embeds.iter().map(|embedding| self.0.stamp(embedding)).collect()
    }

    fn rows_embedding<'a>(
        &'a self,
        db: &'a Transaction,
        embedded: &'a str,
        keys: &'a [Key],
    ) -> LocalBoxFuture<'a, Result<Vec<(Key, Key)>, Error>> {
        Box::pin(self.0.rows_embedding(db, embedded, keys))
    }

    fn is_live(&self) -> bool {
        self.0.is_live
    }

    fn without_rows(&self) -> Arc<dyn ErasedCollection> {
        Arc::new(Self(Arc::new(Definition { is_live: false, ..(*self.0).clone() })))
    }

    fn is_from_catalog(&self) -> bool {
        true
    }

    fn singular(&self) -> &'static str {
        self.0.singular
    }

    fn logged_key(&self, key: Key) -> Key {
        self.0.logged_key(key)
    }

    fn key_columns(&self) -> &'static [KeyColumn] {
        self.0.key_columns
    }

    fn columns(&self) -> Vec<&'static str> {
        self.0.list_columns()
    }

    fn evaluator(&self, _database: DbBackend) -> Evaluator {
        Evaluator::new(self.0.clone())
    }

    fn stored_columns(&self) -> Vec<StoredColumn> {
        Vec::new()
    }

    fn examples(&self) -> Examples {
        let first = |schema: serde_json::Value| intern(&schema["examples"][0].to_string());
        Examples { new: first(self.0.new_schema()), update: first(self.0.update_schema()) }
    }

    fn describe(&self, contract: &mut contract::Builder) {
        contract.table(self.0.description());
    }

    fn by_keys<'a>(
        &'a self,
        db: &'a Transaction,
        keys: &'a [Key],
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>> {
        Box::pin(async move {
            // Entries of the log may have keys of an earlier schema.
            let keys: Vec<Key> = keys.iter().filter(|key| self.0.has_kind(key)).cloned().collect();
            if keys.is_empty() { Ok(Vec::new()) } else { unless_altered(self.0.by_keys(db, &keys)).await }
        })
    }

    fn page<'a>(
        &'a self,
        db: &'a Transaction,
        after: Option<&'a Key>,
        limit: u64,
    ) -> LocalBoxFuture<'a, Result<Vec<Encoded>, Error>> {
        Box::pin(self.0.page(db, after, limit))
    }

    fn routes(&self, _referencing: Vec<ReferencingCollection>) -> Vec<(&'static str, Route)> {
        let (singular, plural) = (self.0.singular, self.0.name);
        let a_row = self.0.article();
        let mut routes = vec![
            (
                intern(&format!("list_{plural}")),
                self.list_route().described(format!("Lists rows of {plural}, a page at a time.")),
            ),
            (
                intern(&format!("count_{plural}")),
                self.count_route().described(format!("Counts rows of {plural}.")),
            ),
        ];
        if !self.0.is_read_only {
            let route = |verb: &str, route: Route, words: String| {
                (intern(&format!("{verb}_{singular}")), route.described(words))
            };
            routes.splice(
                0..0,
                [
                    route("new", self.create_route(), format!("Makes {a_row}.")),
                    route("update", self.update_route(), format!("Changes {a_row}; what is absent stays.")),
                    route("delete", self.delete_route(), format!("Deletes {a_row}.")),
                    route("get", self.get_route(), format!("Finds {a_row} by its key.")),
                ],
            );
        }
        routes
    }
}
