//! Follows changes of the schema while the server runs.
//!
//! ```text
//! every second: a stamp of the catalog ─▶ if it differs: the catalog ─▶ if that differs: live, registry, clients
//! ```

use std::{sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use socketio::Hub;
use tokio::sync::watch;

use super::{
    load::{Loaded, load},
    sync::sync,
};
use crate::{
    database::{Database, Transaction},
    error::Error,
    live::Live,
    project::Settings,
    registry::Registry,
};

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(1);

/// The tables that a server serves, and what follows from them.
pub(crate) struct Watcher {
    db: Database,
    settings: Settings,
    /// The registry without tables.
    base: Arc<Registry>,
    current: watch::Sender<Arc<Registry>>,
    fingerprint: String,
    stamp: String,
}

impl Watcher {
    /// Reads the tables, and makes a registry with them.
    pub(crate) async fn start(db: Database, settings: Settings, base: Arc<Registry>) -> Result<Self, String> {
        let problem = |error: Error| format!("--database-url: {error}");
        let stamp = stamp(&db).await.map_err(problem)?;
        let Loaded { catalog, collections, notices, versions } =
            load(&db, &settings).await.map_err(problem)?;
        sync(&db, &catalog, &versions).await.map_err(problem)?;
        for notice in &notices {
            tracing::info!(table = notice.table, "{}", notice.sentence);
        }
        let registry = base.with_collections(collections)?;
        let fingerprint = catalog.fingerprint().map_err(problem)?;
        let current = watch::Sender::new(Arc::new(registry));
        Ok(Self { db, settings, base, current, fingerprint, stamp })
    }

    /// The registry, as it is at any time.
    pub(crate) fn registry(&self) -> watch::Receiver<Arc<Registry>> {
        self.current.subscribe()
    }

    /// Follows changes until the task is aborted.
    pub(crate) async fn run(mut self, live: Live, hub: Hub) {
        let mut failing = false;
        loop {
            tokio::time::sleep(INTERVAL).await;
            match self.look(&live, &hub).await {
                Ok(()) => failing = false,
                Err(reason) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(reason, "the schema of the database could not be read; trying again");
                    }
                }
            }
        }
    }

    async fn look(&mut self, live: &Live, hub: &Hub) -> Result<(), String> {
        let stamp = stamp(&self.db).await.map_err(|error| error.to_string())?;
        if stamp == self.stamp {
            return Ok(());
        }
        let loaded = load(&self.db, &self.settings).await.map_err(|error| error.to_string())?;
        let fingerprint = loaded.catalog.fingerprint().map_err(|error| error.to_string())?;
        if fingerprint != self.fingerprint {
            sync(&self.db, &loaded.catalog, &loaded.versions).await.map_err(|error| error.to_string())?;
            let registry = self.base.with_collections(loaded.collections)?;
            let collections = registry.collections().to_vec();
            live.replace(collections).await.map_err(|error| error.to_string())?;
            let hashes = registry.hashes();
            self.current.send_replace(Arc::new(registry));
            hub.emit("schema", &*hashes);
            tracing::info!("the schema of the database has changed: clients are sent what differs");
            self.fingerprint = fingerprint;
        }
        // Set last: a failure is repeated.
        self.stamp = stamp;
        Ok(())
    }
}

/// A text that differs whenever the catalog may.
async fn stamp(db: &Database) -> Result<String, Error> {
    db.read(async |db: &Transaction| {
        let backend = db.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => POSTGRES,
            _ => "select cast(schema_version as text) as stamp from pragma_schema_version",
        };
        let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
        Ok(row.map_or(Ok(String::new()), |row| row.try_get("", "stamp"))?)
    })
    .await
}

/// The transactions that wrote the rows of the catalog.
const POSTGRES: &str = "
    select pg_catalog.concat_ws(' ',
        (select pg_catalog.sum(pg_catalog.hashtextextended(c.xmin::pg_catalog.text, c.oid::pg_catalog.int8))
            from pg_catalog.pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.oid >= 16384),
        (select pg_catalog.sum(pg_catalog.hashtextextended(a.xmin::pg_catalog.text, a.attrelid::pg_catalog.int8 * 2048 + a.attnum))
            from pg_catalog.pg_attribute a where a.attrelid >= 16384 and a.attnum > 0),
        (select pg_catalog.sum(pg_catalog.hashtextextended(c.xmin::pg_catalog.text, c.oid::pg_catalog.int8))
            from pg_catalog.pg_constraint c where c.oid >= 16384),
        (select pg_catalog.sum(pg_catalog.hashtextextended(d.xmin::pg_catalog.text, d.oid::pg_catalog.int8))
            from pg_catalog.pg_attrdef d where d.oid >= 16384),
        (select pg_catalog.sum(pg_catalog.hashtextextended(i.xmin::pg_catalog.text, i.indexrelid::pg_catalog.int8))
            from pg_catalog.pg_index i where i.indexrelid >= 16384),
        (select pg_catalog.sum(pg_catalog.hashtextextended(e.xmin::pg_catalog.text, e.oid::pg_catalog.int8))
            from pg_catalog.pg_enum e where e.oid >= 16384),
        (select pg_catalog.sum(pg_catalog.hashtextextended(t.xmin::pg_catalog.text, t.oid::pg_catalog.int8))
            from pg_catalog.pg_type t where t.oid >= 16384 and t.typtype in ('d', 'e', 'r')),
        (select pg_catalog.sum(pg_catalog.hashtextextended(t.xmin::pg_catalog.text, t.oid::pg_catalog.int8))
            from pg_catalog.pg_trigger t where not t.tgisinternal),
        (select pg_catalog.sum(pg_catalog.hashtextextended(d.xmin::pg_catalog.text, d.objoid::pg_catalog.int8 * 2048 + d.objsubid))
            from pg_catalog.pg_description d where d.objoid >= 16384)) as stamp";
