//! The removal of all data of a project, in development.

use crate::database::{self, DatabaseUrl};

/// States that the user wants to lose all data.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed;

/// Removes all data and tables, so that the migrations can be applied anew. No program may have the database open, this
/// one included.
///
/// On SQLite the file is deleted. That is refused if another program has it open, or if it has tables that were there
/// before the first migration. A database of PostgreSQL is not reset.
///
/// # Errors
/// A sentence with the reason, with nothing removed.
pub fn reset(url: &DatabaseUrl, _: Confirmed) -> Result<(), String> {
    match url {
        DatabaseUrl::Sqlite(path) => database::remove_sqlite(path)
            .map_err(|reason| format!("{} is not reset: {reason}", path.display())),
        DatabaseUrl::Postgres(_) => Err(format!(
            "{url} is not reset, because other programs may use it: drop and create it by hand, as in `dropdb NAME && \
             createdb NAME`"
        )),
    }
}
