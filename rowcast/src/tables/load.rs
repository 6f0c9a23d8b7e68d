//! Reads the catalog of a database and makes collections of its tables.

use std::{collections::BTreeSet, sync::Arc};

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{
    accounts::{self, TableOfUsers},
    collection::{TableCollection, collections},
    definition::{Definition, Notice, VersionSource},
    embed,
    stored_forms::find_stored_forms,
};
use crate::{
    attach::{self, Choice},
    catalog::{self, Catalog, QualifiedName},
    database::{Database, Transaction},
    error::Error,
    project::Settings,
    registry::ErasedCollection,
};

/// The tables of a database.
pub(crate) struct Loaded {
    pub(crate) catalog: Catalog,
    pub(crate) collections: Vec<Arc<dyn ErasedCollection>>,
    pub(crate) notices: Vec<Notice>,
    /// The triggers that the tables need.
    pub(crate) triggers: attach::Options,
    /// The table whose rows sign in, if there is one.
    pub(super) accounts: Option<TableOfUsers>,
    /// The settings with the choice that the database remembers.
    pub(crate) settings: Settings,
}

/// Reads the tables of a database.
pub(crate) async fn load(db: &Database, settings: &Settings) -> Result<Loaded, Error> {
    let settings = settings.clone();
    db.read(async move |db: &Transaction| load_from(db, &settings).await).await
}

/// Reads the tables of a database in a transaction.
pub(super) async fn load_from(db: &Transaction, settings: &Settings) -> Result<Loaded, Error> {
    let choice = Choice::read(db).await?;
    load_chosen(db, settings, &choice).await
}

/// Reads the tables of a choice in a transaction.
pub(super) async fn load_chosen(
    db: &Transaction,
    settings: &Settings,
    choice: &Choice,
) -> Result<Loaded, Error> {
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    if !is_postgres {
        refuse_utf16(db).await?;
    }
    let settings = settings.with_choice(choice);
    let schemas = match &settings.database.schemas[..] {
        [] if is_postgres => vec![current_schema(db).await?],
        schemas => schemas.to_vec(),
    };
    let catalog = catalog::read(db, &catalog::Options { schemas }).await?;
    let triggered = triggered(db).await?;
    let (mut all, mut notices) = collections(&catalog, is_postgres, &settings);
    notices.extend(absent(&catalog, is_postgres, &settings));
    for TableCollection(definition) in &mut all {
        let definition = Arc::make_mut(definition);
        definition.has_triggers = triggered.contains(definition.log_name);
    }
    if !is_postgres {
        find_stored_forms(db, &mut all).await?;
    }
    notices.extend(embed::resolve(&mut all, &catalog, &settings));
    let counts = |definition: &Definition| definition.version == VersionSource::Column;
    let counting = all.iter().filter(|TableCollection(definition)| counts(definition));
    let count_versions = counting.map(|TableCollection(definition)| definition.qualified.clone()).collect();
    let keyed = all.iter().filter(|TableCollection(definition)| !definition.key.is_empty());
    let tables = keyed.map(|TableCollection(definition)| definition.qualified.clone()).collect();
    let accounts = accounts::find(&all, &catalog, &settings);
    let signs_in = accounts.as_ref().and_then(|users| accounts::signs_in(&users.table, &settings));
    let triggers = attach::Options { tables: Some(tables), count_versions, signs_in };
    let collections = all.into_iter().map(|one| Arc::new(one) as Arc<dyn ErasedCollection>).collect();
    Ok(Loaded { catalog, collections, notices, triggers, accounts, settings })
}

/// Chosen tables that are not there.
fn absent(catalog: &Catalog, is_postgres: bool, settings: &Settings) -> Vec<Notice> {
    let is_absent = |name: &&QualifiedName| catalog.table(&name.schema, &name.name).is_none();
    let notice = |name: &QualifiedName| {
        let is_read = !is_postgres || settings.database.schemas.contains(&name.schema);
        let sentence = match is_read {
            true => {
                "chosen by `rowcast attach --tables`, and not there: attach again with the tables that are"
            }
            false => {
                "chosen by `rowcast attach --tables`, and in none of the `schemas` of rowcast.toml: change one of them"
            }
        };
        let backend = if is_postgres { DbBackend::Postgres } else { DbBackend::Sqlite };
        Notice { table: attach::collection(name, backend), sentence: sentence.into() }
    };
    settings.chosen.iter().filter(is_absent).map(notice).collect()
}

/// SQLite compares the bytes of text, which are in the order of code points in UTF-8 alone.
async fn refuse_utf16(db: &Transaction) -> Result<(), Error> {
    let sql = "select encoding as name from pragma_encoding";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let encoding: String = row.map_or(Ok(String::new()), |row| row.try_get("", "name"))?;
    match &*encoding {
        "UTF-8" => Ok(()),
        other => Err(Error::Refused(format!(
            "the file is encoded in {other}, by which text is in another order: make one in UTF-8 by \
             sqlite3 old.db .dump | sqlite3 new.db"
        ))),
    }
}

pub(super) async fn current_schema(db: &Transaction) -> Result<String, Error> {
    let sql = "select coalesce((
            select name from pg_catalog.unnest(pg_catalog.current_schemas(false)) with ordinality as s(name, at)
            where name <> 'rowcast' order by at limit 1
        ), 'public')::pg_catalog.text as name";
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    Ok(row.map_or(Ok("public".to_owned()), |row| row.try_get("", "name"))?)
}

/// Triggers of others, by the table's name in the log: they may change a row after it was written.
const POSTGRES_TRIGGERS: &str = "
    select distinct n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text as name
    from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_proc p on p.oid = t.tgfoid
    where not t.tgisinternal and t.tgenabled <> 'D' and p.proname not like 'rowcast\\_%'";
const SQLITE_TRIGGERS: &str = "
    select distinct tbl_name as name from sqlite_schema where type = 'trigger' and name not like 'rowcast\\_%' escape '\\'";

async fn triggered(db: &Transaction) -> Result<BTreeSet<String>, Error> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => POSTGRES_TRIGGERS,
        _ => SQLITE_TRIGGERS,
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    Ok(rows.iter().map(|row| row.try_get("", "name")).collect::<Result<_, _>>()?)
}
