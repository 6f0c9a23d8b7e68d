//! The removal of all data of a project, in development.

use crate::database::{self, DatabaseUrl};

/// States that the user wants to lose all data.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed;

/// Removes all data and tables, those of the engine too, so that the migrations can be applied anew. No program may use
/// the database, this one included.
///
/// A database that had tables before the first migration is refused. On SQLite the file is deleted. On PostgreSQL all
/// objects of the current schema are dropped, except those of extensions; other schemas with objects are a reason to
/// refuse.
///
/// # Errors
/// A sentence with the reason, with nothing removed.
pub async fn reset(url: &DatabaseUrl, _: Confirmed) -> Result<(), String> {
    database::reset(url).await.map_err(|reason| format!("{url} is not reset: {reason}"))
}
