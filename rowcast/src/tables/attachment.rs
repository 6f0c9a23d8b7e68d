//! The commands that put Rowcast beside the tables of a database, and remove it.

use super::{
    accounts::with_users,
    load::{Loaded, load, load_from},
    sync::sync,
};
use crate::{
    attach::{self, Detachment, Installed, Remark},
    database::{Database, DatabaseUrl, Synchronous, Transaction, alter, inspect},
    error::Error,
    migration::{ENGINE_TABLES, Migrations},
    project::{self, Settings},
    registry::Registry,
};

/// What attaching would do, or has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// SQL, with comments; empty if nothing is missing.
    pub sql: String,
    /// What the operator should know of the tables, in a sentence each.
    pub remarks: Vec<String>,
    /// What the role lacks, in a sentence each. If there is any, nothing is done.
    pub missing_rights: Vec<String>,
}

/// Determines what is missing beside the tables of a database.
///
/// # Errors
/// A sentence with the reason.
pub async fn preview(url: &DatabaseUrl, settings: &Settings) -> Result<Attachment, String> {
    inspect(url, async |db| look(db, settings).await).await.map_err(problem)
}

async fn look(db: &Transaction, settings: &Settings) -> Result<Attachment, Error> {
    let Loaded { catalog, triggers: options, notices, .. } = load_from(db, settings).await?;
    let installed = Installed::read(db).await?;
    if let [first, ..] = installed.conflicts() {
        return Err(Error::Refused(first.clone()));
    }
    let own: Vec<&str> = ENGINE_TABLES
        .into_iter()
        .filter(|name| !matches!(*name, "rowcast_project_migrations" | "rowcast_attachment"))
        .collect();
    let own = format!("-- The tables of Rowcast itself: {}", own.join(", "));
    let prepare = attach::prepare(&installed);
    let before = prepare.iter().map(|statement| format!("{};", statement.sql));
    let own = (!prepare.is_empty()).then_some(own);
    let plan = attach::plan(&catalog, &options, &installed);
    let after = plan.iter().map(|statement| format!("{};", statement.sql));
    let sql: Vec<String> = before.chain(own).chain(after).collect();
    // Before, no trigger is there that could have gaps.
    let gaps = if plan.is_empty() { attach::gaps(db, &catalog, &options).await? } else { Vec::new() };
    let remarks = gaps.into_iter().map(|Remark { sentence, .. }| sentence);
    let notices = notices.into_iter().map(|notice| format!("{}: {}", notice.table, notice.sentence));
    let missing_rights = attach::missing_rights(db, &catalog, &options).await?;
    Ok(Attachment { sql: sql.join("\n\n"), remarks: notices.chain(remarks).collect(), missing_rights })
}

/// Puts beside the tables of a database what is missing: the engine's tables, and triggers for its change log.
///
/// # Errors
/// A sentence with the reason.
pub async fn attach(url: &DatabaseUrl, settings: &Settings) -> Result<Attachment, String> {
    let attachment = preview(url, settings).await?;
    if !attachment.missing_rights.is_empty() {
        return Ok(attachment);
    }
    let migrations = Migrations::try_with(&[])?.beside_others();
    let db = Database::connect(url, Synchronous::Full, &migrations).await.map_err(problem)?;
    let attached = install(&db, settings).await;
    db.close().await;
    attached.map_err(problem)?;
    // What the triggers do not see is known now.
    let Attachment { remarks, .. } = preview(url, settings).await?;
    Ok(Attachment { remarks, ..attachment })
}

async fn install(db: &Database, settings: &Settings) -> Result<(), Error> {
    let Loaded { catalog, triggers, .. } = load(db, settings).await?;
    sync(db, &catalog, &triggers).await.map(drop)
}

/// Removes every trace, or shows the SQL that would.
///
/// # Errors
/// A sentence with the reason, with nothing removed.
pub async fn detach(url: &DatabaseUrl, dry_run: bool) -> Result<String, String> {
    let work = async move |db: &Transaction| {
        let Detachment { obstacles, statements } = Detachment::read(db).await?;
        if !obstacles.is_empty() {
            return Err(Error::Refused(obstacles.join("; ")));
        }
        if !dry_run {
            attach::execute(db, &statements).await?;
        }
        let sql: Vec<String> = statements.iter().map(|statement| format!("{};", statement.sql)).collect();
        Ok(sql.join("\n"))
    };
    let done = if dry_run { inspect(url, work).await } else { alter(url, work).await };
    done.map_err(problem)
}

fn problem(error: Error) -> String {
    match error {
        Error::Refused(sentence) => sentence,
        error => format!("--database-url: {error}"),
    }
}

/// The registry of the tables of a database as they are, beside what a product declares.
///
/// # Errors
/// A sentence with the reason.
pub(crate) async fn registry(
    url: &DatabaseUrl,
    settings: &Settings,
    base: &Registry,
) -> Result<Registry, String> {
    let loaded = inspect(url, async |db| load_from(db, settings).await).await.map_err(problem)?;
    let mistakes = project::validate(settings, &loaded.catalog);
    match mistakes.is_empty() {
        true => {
            let registry = base.with_collections(loaded.collections, settings.types_module.clone())?;
            with_users(registry, settings, loaded.accounts)
        }
        false => Err(project::lines(&mistakes)),
    }
}
