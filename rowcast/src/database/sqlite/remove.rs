//! The removal of a file that consists of what migrations have made.

use std::{fs, io::ErrorKind, path::Path};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{
    files::{log_paths, suffixed},
    script::{is_untouched, was_empty},
};

/// Deletes the file with its log.
///
/// # Errors
/// A sentence, if another program has the file open, or if not all of it was made by migrations.
pub(in crate::database) fn remove(path: &Path) -> Result<(), String> {
    if !path.exists() {
        return Ok(());
    }
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(sentence)?;
    if !was_empty(&connection)
        .map_err(sentence)?
        .map_or_else(|| is_untouched(&connection).map_err(sentence), Ok)?
    {
        return Err(
            "it has tables that no migration has made; delete the file by hand if you do not need them"
                .into(),
        );
    }
    // Only the last connection may leave this mode.
    let mode: String =
        connection.query_row("pragma journal_mode = delete", [], |row| row.get(0)).map_err(sentence)?;
    if mode != "delete" {
        return Err(IN_USE.into());
    }
    let real = path.canonicalize().map_err(|error| error.to_string())?;
    let (log, index) = log_paths(path).map_err(|error| error.to_string())?;
    connection.close().map_err(|(_, error)| sentence(error))?;
    for file in [&suffixed(&real, "-journal"), &log, &index, &real] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.to_string()),
            _ => {}
        }
    }
    Ok(())
}

const IN_USE: &str = "another program has it open: end that first";

fn sentence(error: rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => IN_USE.into(),
        _ => error.to_string(),
    }
}
