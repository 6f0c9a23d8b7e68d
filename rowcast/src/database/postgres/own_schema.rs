//! The schema of the engine's tables beside tables of others.

use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection};

use crate::attach;

/// Whether the engine's tables are there, and this role may use them.
const IS_THERE: &str = "select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
    where n.nspname = 'rowcast' and c.relname = 'rowcast_change_log_state' \
    and pg_catalog.has_schema_privilege(n.oid, 'usage')";

/// Lets a session find the engine's tables after those of its own `search_path`.
pub(super) async fn find(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = format!("{} where exists ({IS_THERE})", attach::FIND_IN_SCHEMA);
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}
