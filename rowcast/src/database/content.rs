//! What a database contains before a server changes anything in it.

use sea_orm::sqlx::{self, AssertSqlSafe, Connection};

use super::{DatabaseUrl, postgres, sqlite};
use crate::error::Error;

/// What a database contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Tables of the engine.
    pub(crate) engine: bool,
    /// Tables of others.
    pub(crate) others: bool,
}

/// Looks into a database. A file of SQLite that does not exist is empty, and is not created.
///
/// # Errors
/// [`Error::Unavailable`].
pub(crate) async fn content(url: &DatabaseUrl) -> Result<Content, Error> {
    match url {
        DatabaseUrl::Sqlite(path) if !path.exists() => Ok(Content::default()),
        DatabaseUrl::Sqlite(path) => sqlite::content(path),
        DatabaseUrl::Postgres(url) => {
            let unavailable = |error: sqlx::Error| Error::Unavailable(error.to_string());
            let mut connection = postgres::connect(url).await?;
            let asked = sqlx::raw_sql(AssertSqlSafe(POSTGRES)).fetch_one(&mut connection);
            let row = asked.await.map_err(unavailable)?;
            let _ = connection.close().await;
            let flag = |at: usize| sqlx::Row::try_get::<bool, _>(&row, at).map_err(unavailable);
            Ok(Content { engine: flag(0)?, others: flag(1)? })
        }
    }
}

/// Tables of extensions do not count.
const POSTGRES: &str = "
    select coalesce(bool_or(c.relname = 'rowcast_change_log_state'), false),
        coalesce(bool_or(n.nspname <> 'rowcast' and c.relname not like 'rowcast\\_%' and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
        )), false)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'";
