//! Triggers of the change log, kept in step with the schema.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend};

use crate::{
    attach::{self, Choice, Installed, Statement},
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

/// Installs the triggers that are missing, and removes those that are not wanted. A choice is remembered with that.
/// Returns whether anything was missing.
///
/// # Errors
/// [`Error`] of the database: [`Error::Locked`] if a table stays in use.
pub(super) async fn sync(
    db: &Database,
    catalog: &Catalog,
    triggers: &attach::Options,
    choice: Option<&Choice>,
) -> Result<bool, Error> {
    let mut attempt = 1;
    loop {
        let (catalog, options, choice) = (catalog.clone(), triggers.clone(), choice.cloned());
        let work = async move |db: &Transaction| install(db, &catalog, &options, choice.as_ref()).await;
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

async fn install(
    db: &Transaction,
    catalog: &Catalog,
    options: &attach::Options,
    choice: Option<&Choice>,
) -> Result<bool, Error> {
    // Without the lock, for the usual case.
    if plan(db, catalog, options, choice).await?.is_empty() {
        return Ok(false);
    }
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(&format!("select pg_catalog.pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
        db.execute_unprepared(LOCK_TIMEOUT).await?;
    }
    // Another node may have installed them meanwhile.
    let statements = plan(db, catalog, options, choice).await?;
    attach::execute(db, &statements).await?;
    Ok(!statements.is_empty())
}

async fn plan(
    db: &Transaction,
    catalog: &Catalog,
    options: &attach::Options,
    choice: Option<&Choice>,
) -> Result<Vec<Statement>, Error> {
    let installed = Installed::read(db).await?;
    if let [first, ..] = installed.conflicts() {
        return Err(Error::Refused(first.clone()));
    }
    let mut statements = match choice {
        Some(choice) => attach::remember(choice, &Choice::read(db).await?, db.get_database_backend()),
        None => Vec::new(),
    };
    statements.extend(attach::plan(catalog, options, &installed));
    Ok(statements)
}
