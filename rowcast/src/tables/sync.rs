//! Triggers of the change log, kept in step with the schema.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend};

use crate::{
    attach::{self, Installed, Statement},
    catalog::Catalog,
    database::{Database, Transaction},
    error::Error,
    migration::ADVISORY_LOCK,
};

/// How often a table that is in use is tried again, and the pause between two tries.
const ATTEMPTS: usize = 40;
const PAUSE: Duration = Duration::from_millis(250);
/// Below PostgreSQL's `deadlock_timeout`, so that no other program is cancelled in favour of these statements.
const LOCK_TIMEOUT: &str = "set local lock_timeout = '900ms'";

/// Installs the triggers that are missing, and removes those that are not wanted. Returns whether there were any.
///
/// # Errors
/// [`Error`] of the database: [`Error::Locked`] if a table stays in use.
pub(super) async fn sync(
    db: &Database,
    catalog: &Catalog,
    triggers: &attach::Options,
) -> Result<bool, Error> {
    let mut attempt = 1;
    loop {
        let (catalog, options) = (catalog.clone(), triggers.clone());
        let work = async move |db: &Transaction| install(db, &catalog, &options).await;
        match db.write(work).await {
            Ok((changed, _)) => return Ok(changed),
            Err(Error::Locked(_)) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn install(db: &Transaction, catalog: &Catalog, options: &attach::Options) -> Result<bool, Error> {
    // Without the lock, for the usual case.
    if plan(db, catalog, options).await?.is_empty() {
        return Ok(false);
    }
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(&format!("select pg_catalog.pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
        db.execute_unprepared(LOCK_TIMEOUT).await?;
    }
    // Another node may have installed them meanwhile.
    let statements = plan(db, catalog, options).await?;
    attach::execute(db, &statements).await?;
    Ok(!statements.is_empty())
}

async fn plan(
    db: &Transaction,
    catalog: &Catalog,
    options: &attach::Options,
) -> Result<Vec<Statement>, Error> {
    let installed = Installed::read(db).await?;
    match installed.conflicts() {
        [] => Ok(attach::plan(catalog, options, &installed)),
        [first, ..] => Err(Error::Refused(first.clone())),
    }
}
