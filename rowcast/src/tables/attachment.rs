//! The commands that put Rowcast beside the tables of a database, and remove it.

use sea_orm::ConnectionTrait;

use super::{
    accounts::with_users,
    chosen::ChosenNames,
    load::{Loaded, load_chosen, load_from},
    sync::{Synced, sync},
};
use crate::{
    attach::{self, Choice, Detachment, Installed, Remark, Statement},
    catalog::Catalog,
    database::{Database, DatabaseUrl, Synchronous, Transaction, alter, inspect},
    error::Error,
    live::resync,
    migration::{Migrations, created_beside_others},
    project::{self, Mistake, Settings},
    registry::Registry,
};

/// What attaching would do, or has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attachment {
    /// SQL, with comments; empty if nothing is missing.
    pub sql: String,
    /// What attaching creates and drops, in a sentence without a subject.
    pub summary: String,
    /// What the operator should know of the tables, in a sentence each.
    pub remarks: Vec<String>,
    /// What the role lacks, in a sentence each. If there is any, nothing is done.
    pub missing_rights: Vec<String>,
}

/// Determines what is missing beside the tables of a database.
///
/// # Errors
/// A sentence with the reason.
pub async fn preview(
    url: &DatabaseUrl,
    settings: &Settings,
    names: &ChosenNames,
) -> Result<Attachment, String> {
    inspect(url, async |db| look(db, settings, names).await).await.map_err(problem)
}

async fn look(db: &Transaction, settings: &Settings, names: &ChosenNames) -> Result<Attachment, Error> {
    let (choice, loaded) = load(db, settings, names).await?;
    let Loaded { catalog, triggers: options, notices, settings: effective, .. } = loaded;
    let mistakes = mistakes_of_choice(&effective, &catalog);
    if !mistakes.is_empty() {
        return Err(Error::Refused(project::lines(&mistakes)));
    }
    let installed = Installed::read(db).await?;
    if let [first, ..] = installed.conflicts() {
        return Err(Error::Refused(first.clone()));
    }
    let backend = db.get_database_backend();
    let prepare = attach::prepare(&installed);
    let own = if prepare.is_empty() { Vec::new() } else { created_beside_others(backend) };
    let plan = attach::plan(&catalog, &options, &installed);
    let remember = match &choice {
        Some(choice) => attach::remember(choice, &Choice::read(db).await?, backend),
        None => Vec::new(),
    };
    let with_semicolon = |statement: &Statement| format!("{};", statement.sql);
    let before = prepare.iter().map(with_semicolon);
    let comment = (!own.is_empty()).then(|| format!("-- The tables of Rowcast itself: {}", own.join(", ")));
    let after = remember.iter().chain(&plan).map(with_semicolon);
    let sql: Vec<String> = before.chain(comment).chain(after).collect();
    let all: Vec<Statement> = [&*prepare, &*remember, &*plan].concat();
    let summary = attach::summary(own.len(), &all, backend);
    // Before, no trigger is there that could have gaps.
    let gaps = if plan.is_empty() { attach::gaps(db, &catalog, &options).await? } else { Vec::new() };
    let remarks = gaps.into_iter().map(|Remark { sentence, .. }| sentence);
    let notices = notices.into_iter().map(|notice| format!("{}: {}", notice.table, notice.sentence));
    let remarks = names.contradicted_by(settings).into_iter().chain(notices).chain(remarks).collect();
    let missing_rights = attach::missing_rights(db, &catalog, &options).await?;
    Ok(Attachment { sql: sql.join("\n\n"), summary, remarks, missing_rights })
}

/// Mistakes in settings that there are for these tables and not for all. Others may be mended by a migration.
fn mistakes_of_choice(settings: &Settings, catalog: &Catalog) -> Vec<Mistake> {
    let mut of_all = settings.clone();
    of_all.chosen.clear();
    let (mistakes, of_all) = (project::validate(settings, catalog), project::validate(&of_all, catalog));
    mistakes.into_iter().filter(|mistake| !of_all.contains(mistake)).collect()
}

/// Reads the tables that are chosen now, or were before. Returns the choice if it is made now.
async fn load(
    db: &Transaction,
    settings: &Settings,
    names: &ChosenNames,
) -> Result<(Option<Choice>, Loaded), Error> {
    let Some(choice) = names.resolve(db, settings).await? else {
        return Ok((None, load_from(db, settings).await?));
    };
    let loaded = load_chosen(db, &names.precede(settings), &choice).await?;
    Ok((Some(choice), loaded))
}

/// Puts beside the tables of a database what is missing: the engine's tables, and triggers for its change log. If there
/// are names, only these tables get triggers and are collections, also of later servers.
///
/// # Errors
/// A sentence with the reason.
pub async fn attach(
    url: &DatabaseUrl,
    settings: &Settings,
    names: &ChosenNames,
) -> Result<Attachment, String> {
    let attachment = preview(url, settings, names).await?;
    if !attachment.missing_rights.is_empty() {
        return Ok(attachment);
    }
    let migrations = Migrations::try_with(&[])?.beside_others();
    let db = Database::connect(url, Synchronous::Full, &migrations).await.map_err(problem)?;
    let attached = install(&db, settings, names).await;
    db.close().await;
    attached.map_err(problem)?;
    // What the triggers do not see is known now.
    let Attachment { remarks, .. } = preview(url, settings, names).await?;
    Ok(Attachment { remarks, ..attachment })
}

async fn install(db: &Database, settings: &Settings, names: &ChosenNames) -> Result<(), Error> {
    let (settings, names) = (settings.clone(), names.clone());
    let read =
        async move |db: &Transaction| Ok((Choice::read(db).await?, load(db, &settings, &names).await?));
    let (before, (choice, Loaded { catalog, triggers, .. })) = db.read(read).await?;
    sync(db, &catalog, &triggers, choice.as_ref(), &Synced::default()).await?;
    match choice {
        // Changes of tables that were not chosen before are not in the log.
        Some(choice) if choice != before => resync(db).await,
        _ => Ok(()),
    }
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
    let mistakes = project::validate(&loaded.settings, &loaded.catalog);
    match mistakes.is_empty() {
        true => {
            let registry = base.with_collections(loaded.collections, settings.types_module.clone())?;
            with_users(registry, settings, loaded.accounts)
        }
        false => Err(project::lines(&mistakes)),
    }
}
