//! The removal of everything in a schema that consists of what migrations have made.

use std::time::Duration;

use sea_orm::sqlx::{self, AssertSqlSafe, Connection, PgConnection, Row};

use super::{
    TIMEOUT,
    script::{SCRIPT_LOCK, connect, is_untouched, query, record_table},
};
use crate::error::Error;

/// The time in which sessions that are ending may end.
const ENDING: Duration = Duration::from_secs(2);
/// The interval of checks for them.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Other sessions of the database, and schemas besides that of the connection with tables of their own.
const SESSIONS: &str = "
select coalesce(nullif(application_name, ''), 'without a name') || ' (process ' || pid || ')'
from pg_catalog.pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and coalesce(backend_type, 'client backend') = 'client backend'";
const SCHEMAS: &str = "
select n.nspname::text from pg_catalog.pg_namespace n
where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'rowcast', current_schema())
and exists (select 1 from pg_catalog.pg_class c where c.relnamespace = n.oid)";

/// Drops all objects of the current schema, except those of extensions, and the engine's schema.
const DROP: &str = "
do $reset$
declare
    own oid := current_schema()::regnamespace;
    statements text[];
    statement text;
begin
    with members as (select classid, objid from pg_catalog.pg_depend where deptype = 'e'),
    objects as (
        select 1 as at, format('%s if exists %I.%I', case relkind when 'v' then 'view' when 'm' then 'materialized view'
            when 'f' then 'foreign table' else 'table' end, current_schema(), relname) as name
        from pg_catalog.pg_class where relnamespace = own and relkind in ('r', 'p', 'v', 'm', 'f')
            and ('pg_class'::regclass, oid) not in (select * from members)
        union all
        select 2, format('sequence if exists %I.%I', current_schema(), relname)
        from pg_catalog.pg_class where relnamespace = own and relkind = 'S'
            and ('pg_class'::regclass, oid) not in (select * from members)
        union all
        select 3, format('routine if exists %I.%I(%s)', current_schema(), proname, pg_get_function_identity_arguments(oid))
        from pg_catalog.pg_proc where pronamespace = own and ('pg_proc'::regclass, oid) not in (select * from members)
        union all
        select 4, format('type if exists %I.%I', current_schema(), t.typname)
        from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
        where t.typnamespace = own and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c')
            and ('pg_type'::regclass, t.oid) not in (select * from members)
    )
    select coalesce(array_agg('drop ' || name || ' cascade' order by at), '{}') into statements from objects;
    foreach statement in array statements loop
        execute statement;
    end loop;
    drop schema if exists rowcast cascade;
end $reset$";

/// Drops everything in the current schema.
///
/// # Errors
/// A sentence, if other sessions use the database, or if not all of it was made by migrations.
pub(in crate::database) async fn reset(url: &str) -> Result<(), String> {
    let mut connection = connect(url).await.map_err(sentence)?;
    let done = drop_all(&mut connection).await;
    let _ = tokio::time::timeout(TIMEOUT, connection.close()).await;
    done
}

async fn drop_all(connection: &mut PgConnection) -> Result<(), String> {
    let lock =
        texts(connection, format!("select 'locked' where pg_try_advisory_lock({SCRIPT_LOCK})")).await?;
    if lock.is_empty() {
        return Err("another server applies migrations to it: end that first".into());
    }
    let deadline = tokio::time::Instant::now() + ENDING;
    loop {
        let sessions = texts(connection, SESSIONS.into()).await?;
        if sessions.is_empty() {
            break;
        }
        if tokio::time::Instant::now() > deadline {
            return Err(format!("other programs use it: end {} first", sessions.join(", ")));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    if let [schema, ..] = texts(connection, SCHEMAS.into()).await?.as_slice() {
        let by_hand = "drop it by hand if you do not need it";
        return Err(format!("it has the schema {schema} with tables or other objects: {by_hand}"));
    }
    let Some(table) = record_table(connection).await.map_err(sentence)? else {
        let untouched = query(connection, is_untouched("pg_catalog.current_schema()::regnamespace")).await;
        let untouched = untouched.map_err(sentence)?.first().is_some_and(|row| row.get(0));
        return if untouched { Ok(()) } else { Err(NOT_OURS.into()) };
    };
    let ask = format!("select 'empty' from (select * from {table} order by applied_at, name limit 1) first where was_empty = 1
        or not exists (select 1 from {table})");
    if texts(connection, ask).await?.is_empty() {
        return Err(NOT_OURS.into());
    }
    let dropped = sqlx::raw_sql(AssertSqlSafe(DROP)).execute(connection).await;
    dropped.map(drop).map_err(|error| error.to_string())
}

const NOT_OURS: &str = "it has tables that no migration has made: drop them by hand if you do not need them";

async fn texts(connection: &mut PgConnection, sql: String) -> Result<Vec<String>, String> {
    let rows = query(connection, sql).await.map_err(sentence)?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn sentence(error: Error) -> String {
    match error {
        Error::Unavailable(reason) => reason,
        other => other.to_string(),
    }
}
