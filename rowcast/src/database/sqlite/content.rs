//! What a file contains before a server changes anything in it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::{database::content::Content, error::Error};

const TABLES: &str = "
    select coalesce(max(name = 'rowcast_change_log_state'), 0),
        coalesce(max(name not like 'rowcast\\_%' escape '\\'), 0)
    from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'";

/// Looks into a file.
pub(in crate::database) fn content(path: &Path) -> Result<Content, Error> {
    let unavailable = |error: rusqlite::Error| Error::Unavailable(error.to_string());
    // Without a log of writes, which only a writer creates.
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(unavailable)?;
    file.busy_timeout(super::connection::BUSY_TIMEOUT).map_err(unavailable)?;
    let read = |row: &rusqlite::Row<'_>| Ok(Content { engine: row.get(0)?, others: row.get(1)? });
    file.query_row(TABLES, [], read).map_err(unavailable)
}
