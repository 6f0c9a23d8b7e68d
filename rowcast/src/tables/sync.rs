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

/// What a synchronisation has done.
#[derive(Clone, Debug, Default)]
pub(super) struct Synced {
    /// Whether anything was missing.
    pub(super) installed: bool,
    /// The last statements that only removed or replaced triggers.
    pub(super) replaced: Vec<Statement>,
    /// Whether they are needed once more, because another server has undone them. They are left undone then: servers with other
    /// settings or of other versions would undo each other's triggers for ever.
    pub(super) is_contested: bool,
}

/// Installs the triggers that are missing, and removes those that are not wanted. A choice is remembered with that.
///
/// # Errors
/// [`Error`] of the database: [`Error::Locked`] if a table stays in use.
pub(super) async fn sync(
    db: &Database,
    catalog: &Catalog,
    triggers: &attach::Options,
    choice: Option<&Choice>,
    before: &Synced,
) -> Result<Synced, Error> {
    let mut attempt = 1;
    loop {
        let (catalog, options, choice, before) =
            (catalog.clone(), triggers.clone(), choice.cloned(), before.clone());
        let work =
            async move |db: &Transaction| install(db, &catalog, &options, choice.as_ref(), &before).await;
        match db.write(work).await {
            Ok((synced, _)) => return Ok(synced),
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
    before: &Synced,
) -> Result<Synced, Error> {
    // Without the lock, for the usual case.
    let statements = plan(db, catalog, options, choice).await?;
    let is_contested = !statements.is_empty() && statements == before.replaced;
    if statements.is_empty() || is_contested {
        return Ok(Synced { installed: false, replaced: before.replaced.clone(), is_contested });
    }
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(&format!("select pg_catalog.pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
        db.execute_unprepared(LOCK_TIMEOUT).await?;
    }
    // Another node may have installed them meanwhile.
    let statements = plan(db, catalog, options, choice).await?;
    attach::execute(db, &statements).await?;
    let installed = !statements.is_empty();
    let creates = |statement: &Statement| statement.sql.starts_with("create trigger");
    let replaced = if statements.iter().any(creates) { Vec::new() } else { statements };
    Ok(Synced { installed, replaced, is_contested: false })
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
