//! Migrations of a project: files of SQL, applied in the order of their names.
//!
//! ```text
//! migrations/0001_tasks.sql ─▶ [ begin │ statement │ statement │ record │ commit ]
//! migrations/0002_index.sql ─▶ [ begin │ …                                       ]
//! ```
//!
//! Each file is a transaction, and its record with a checksum a part of that. A file that has been applied must not
//! change, and a new one comes after it. Each file has a connection of its own, so what it sets ends with it.
//!
//! On SQLite, foreign keys are not enforced meanwhile, because `drop table` would delete the rows that refer to the table; a
//! file that leaves rows without the row they refer to is refused.
//!
//! A statement that does not run in a transaction, such as `vacuum`, is in a file of its own that begins with the comment
//! `-- rowcast: no transaction`.

mod file;
mod history;
mod refused;
mod statements;

use std::path::Path;

use sea_orm::DbBackend;

use super::{Mistake, mistake::line_of};
use crate::{
    catalog::sql::Dialect,
    database::{
        Database,
        script::{Script, ScriptError, ScriptRunner},
    },
    error::Error,
};
use file::{Folder, MigrationFile};
use statements::Statement;

/// The outcome of [`apply`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The names of the files that were applied now, in order.
    pub newly: Vec<String>,
}

/// Applies the files of a folder that have not been applied. Without the folder there are none.
///
/// # Errors
/// All mistakes of the files, with nothing applied; or that of the first statement that fails. Files before it have been
/// applied then.
pub async fn apply(db: &Database, folder: &Path) -> Result<Applied, Vec<Mistake>> {
    let folder = Folder::read(folder)?;
    let failed = |error: Error| vec![folder.mistake(error.to_string())];
    let mut runner = db.script_runner().await.map_err(failed)?;
    let outcome = apply_all(&mut runner, &folder).await;
    runner.close().await;
    outcome
}

async fn apply_all(runner: &mut ScriptRunner, folder: &Folder) -> Result<Applied, Vec<Mistake>> {
    let mut applied = Applied::default();
    loop {
        // Again each time, because another server may apply the same files.
        let pending = pending(runner, folder).await?;
        let Some((file, statements)) = pending.first() else { return Ok(applied) };
        let script = script(file, statements);
        match runner.run(script).await {
            Ok(true) => {
                tracing::info!(file = file.name, "a migration was applied");
                applied.newly.push(file.name.clone());
            }
            Ok(false) => {}
            Err(error) => return Err(vec![mistake(file, statements, error)]),
        }
    }
}

/// Reports the mistakes of the files that can be found without applying them; otherwise the names of those that are
/// to be applied.
///
/// # Errors
/// All mistakes.
pub async fn check(db: &Database, folder: &Path) -> Result<Vec<String>, Vec<Mistake>> {
    let folder = Folder::read(folder)?;
    let failed = |error: Error| vec![folder.mistake(error.to_string())];
    let mut runner = db.script_runner().await.map_err(failed)?;
    let found = pending(&mut runner, &folder).await;
    let found = found.map(|pending| pending.iter().map(|(file, _)| file.name.clone()).collect());
    runner.close().await;
    found
}

type Pending<'f> = Vec<(&'f MigrationFile, Vec<Statement<'f>>)>;

/// The files to be applied, and their statements.
async fn pending<'f>(runner: &mut ScriptRunner, folder: &'f Folder) -> Result<Pending<'f>, Vec<Mistake>> {
    let records = runner.records().await.map_err(|error| vec![folder.mistake(error.to_string())])?;
    let dialect = match runner.backend() {
        DbBackend::Postgres => Dialect::Postgres,
        _ => Dialect::Sqlite,
    };
    let (pending, mut mistakes) = history::pending(folder, &records);
    let read = |file: &'f MigrationFile| {
        let statements = statements::split(&file.sql, dialect);
        mistakes.extend(refused::refused(file, &statements, dialect));
        (file, statements)
    };
    let pending = pending.into_iter().map(read).collect();
    if mistakes.is_empty() { Ok(pending) } else { Err(mistakes) }
}

fn script(file: &MigrationFile, statements: &[Statement<'_>]) -> Script {
    Script {
        name: file.name.clone(),
        checksum: file.checksum.clone(),
        statements: statements.iter().map(|statement| statement.text.to_owned()).collect(),
        in_transaction: !statements::is_without_transaction(&file.sql),
    }
}

/// The mistake of a failed script: at the line of the error, or of the statement that caused it.
fn mistake(file: &MigrationFile, statements: &[Statement<'_>], error: ScriptError) -> Mistake {
    match error {
        ScriptError::Statement { index, offset, message } => {
            let statement = &statements[index];
            let line = line_of(&file.sql, statement.start + offset.unwrap_or_default());
            Mistake::new(&file.path, line, message)
        }
        ScriptError::Whole(message) => Mistake::new(&file.path, None, message),
        ScriptError::Database(error) => Mistake::new(&file.path, None, error.to_string()),
    }
}
