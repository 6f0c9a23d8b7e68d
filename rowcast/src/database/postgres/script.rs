//! Scripts on PostgreSQL.
//!
//! ```text
//! control    advisory lock of scripts ──────────────────────────────────────────────▶ released
//! script 1       begin │ advisory lock of migrations │ statements │ record │ commit
//! script 2                                                        begin │ …
//! ```
//!
//! The lock of scripts is polled for, because `create index concurrently` waits for every statement that runs, one that
//! waits for a lock included.

use std::time::{Duration, Instant};

use sea_orm::{
    DbBackend,
    sqlx::{
        self, AssertSqlSafe, Connection, PgConnection, Row,
        postgres::{PgDatabaseError, PgErrorPosition, PgRow},
    },
};

use super::{
    TIMEOUT, migrate, preflight,
    settings::{self, NO_TIMEOUTS},
};
use crate::{
    database::script::{Record, Script, ScriptError, create_table, engine_tables, insert_record},
    error::Error,
    migration::{ADVISORY_LOCK, PROJECT_MIGRATIONS},
};

/// The advisory lock of scripts.
pub(super) const SCRIPT_LOCK: i64 = ADVISORY_LOCK + 1;
/// The interval of attempts to get it.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The number of attempts between two log entries.
const LOG_ATTEMPTS: usize = 50;
/// "Active SQL transaction": the statement does not run in a transaction.
const ACTIVE_TRANSACTION: &str = "25001";

pub(in crate::database) struct ScriptRunner {
    url: String,
    control: PgConnection,
}

impl ScriptRunner {
    pub(in crate::database) async fn open(url: &str) -> Result<Self, Error> {
        let mut control = connect(url).await?;
        for attempt in 1.. {
            let ask = format!("select pg_try_advisory_lock({SCRIPT_LOCK})");
            if query(&mut control, ask).await?.first().is_some_and(|row| row.get(0)) {
                break;
            }
            if attempt % LOG_ATTEMPTS == 0 {
                tracing::warn!(
                    "another server applies migrations to this database: waiting until it is done"
                );
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(Self { url: url.to_owned(), control })
    }

    pub(in crate::database) async fn records(&mut self) -> Result<Vec<Record>, Error> {
        let Some(table) = record_table(&mut self.control).await? else { return Ok(Vec::new()) };
        let rows = query(&mut self.control, format!("select name, checksum from {table}")).await?;
        rows.iter()
            .map(|row| Ok(Record { name: row.try_get(0)?, checksum: row.try_get(1)? }))
            .collect::<Result<_, _>>()
            .map_err(unavailable)
    }

    pub(in crate::database) async fn run(&mut self, script: &Script) -> Result<bool, ScriptError> {
        let table = match record_table(&mut self.control).await? {
            Some(table) => table,
            None => {
                query(&mut self.control, create_table(DbBackend::Postgres)).await?;
                let missing = || Error::Internal("the table of migrations has been created".into());
                record_table(&mut self.control).await?.ok_or_else(missing)?
            }
        };
        let mut connection = connect(&self.url).await?;
        let process = query(&mut connection, "select pg_backend_pid()".into()).await?;
        let process: i32 = process.first().map_or(0, |row| row.get(0));
        let outcome = migrate::logged(&self.url, process, run(&mut connection, script, &table)).await;
        // Without a commit, this is a rollback.
        let _ = tokio::time::timeout(TIMEOUT, connection.close()).await;
        outcome?
    }

    pub(in crate::database) async fn close(self) {
        let _ = tokio::time::timeout(TIMEOUT, self.control.close()).await;
    }
}

async fn run(connection: &mut PgConnection, script: &Script, table: &str) -> Result<bool, ScriptError> {
    if script.in_transaction {
        execute(connection, format!("begin; select pg_catalog.pg_advisory_xact_lock({ADVISORY_LOCK})"))
            .await?;
    }
    let ask = format!("select 1 from {table} where name = '{}'", script.name);
    if !query(connection, ask).await?.is_empty() {
        return Ok(false);
    }
    let schema = format!(
        "select relnamespace from pg_catalog.pg_class where oid = '{}'::regclass",
        table.replace('\'', "''")
    );
    let untouched = query(connection, is_untouched(&schema)).await?;
    let untouched = untouched.first().is_some_and(|row| row.get(0));
    let began = Instant::now();
    for (index, statement) in script.statements.iter().enumerate() {
        let ran = sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut *connection).await;
        ran.map_err(|error| failed(index, statement, &error))?;
    }
    // The script may have changed the role.
    let record = insert_record(table, script, began.elapsed(), untouched);
    let at_end = |error: sqlx::Error| ScriptError::Whole(message(&error));
    let end = format!("reset session authorization; reset role; {record}");
    sqlx::raw_sql(AssertSqlSafe(end)).execute(&mut *connection).await.map_err(at_end)?;
    if script.in_transaction {
        sqlx::raw_sql("commit").execute(&mut *connection).await.map_err(at_end)?;
    }
    Ok(true)
}

/// The quoted name of the table of records, with its schema, if it exists.
pub(super) async fn record_table(connection: &mut PgConnection) -> Result<Option<String>, Error> {
    let ask = format!(
        "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_catalog.pg_class c
         join pg_catalog.pg_namespace n on n.oid = c.relnamespace
         where c.oid = pg_catalog.to_regclass('{PROJECT_MIGRATIONS}')"
    );
    Ok(query(connection, ask).await?.first().map(|row| row.get(0)))
}

/// Asks whether a schema has no tables but the engine's. It is an expression of SQL.
pub(super) fn is_untouched(schema: &str) -> String {
    format!(
        "select not exists (select 1 from pg_catalog.pg_class c where c.relkind in ('r', 'p', 'f')
         and c.relnamespace = ({schema})
         and c.relname not in ({})
         and not exists (select 1 from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass
                         and d.objid = c.oid and d.deptype = 'e'))",
        engine_tables()
    )
}

/// A connection without timeouts.
pub(super) async fn connect(url: &str) -> Result<PgConnection, Error> {
    let mut connection = preflight::connect(url).await?;
    settings::apply(&mut connection, &NO_TIMEOUTS).await.map_err(unavailable)?;
    Ok(connection)
}

pub(super) async fn query(connection: &mut PgConnection, sql: String) -> Result<Vec<PgRow>, Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await.map_err(unavailable)
}

async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop).map_err(unavailable)
}

fn unavailable(error: sqlx::Error) -> Error {
    Error::Unavailable(message(&error))
}

fn failed(index: usize, statement: &str, error: &sqlx::Error) -> ScriptError {
    let position = match database_error(error).and_then(PgDatabaseError::position) {
        Some(PgErrorPosition::Original(position)) => position.checked_sub(1),
        _ => None,
    };
    // The server counts characters.
    let offset =
        position.and_then(|position| statement.char_indices().nth(position)).map(|(offset, _)| offset);
    ScriptError::Statement { index, offset, message: message(error) }
}

/// The server's sentence with its detail and hint.
fn message(error: &sqlx::Error) -> String {
    let Some(error) = database_error(error) else { return error.to_string() };
    let mut message = error.message().to_owned();
    if let Some(detail) = error.detail() {
        message = format!("{message}: {detail}");
    }
    if let Some(hint) = error.hint() {
        message = format!("{message} ({hint})");
    }
    if error.code() == ACTIVE_TRANSACTION {
        message += ": write it in a file of its own that begins with the line `-- rowcast: no transaction`";
    }
    message
}

fn database_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref())
}
