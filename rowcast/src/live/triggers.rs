//! Monitors the triggers of the change log and of versions on PostgreSQL, where they can be disabled.
//!
//! `alter table … enable trigger all`, with which `pg_restore --disable-triggers` ends, enables triggers except under
//! replication. Those are set to fire always again. A disabled or missing trigger may be intended, so it is only
//! logged.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use tokio::sync::watch;

use crate::database::{Database, Transaction};

/// The triggers of each table with their state: `A` always, `O` not under replication, `D` disabled, empty if
/// missing.
const LOG_TRIGGERS: &str = "
    select name, coalesce(tgname, '') as trigger, coalesce(tgenabled::text, '') as state
    from unnest(string_to_array($1, ',')) as name
    left join (
        select tgrelid, tgname, tgenabled from pg_trigger join pg_proc on pg_proc.oid = tgfoid
        where proname in ('log_row', 'log_nested', 'log_truncate')
    ) as log on tgrelid = to_regclass(quote_ident(name))
    where coalesce(tgenabled::text, '') <> 'A'";

/// The version triggers that do not fire always.
const VERSION_TRIGGERS: &str = "
    select relname::text as name, tgname::text as trigger, tgenabled::text as state
    from pg_trigger join pg_class on pg_class.oid = tgrelid
    where tgrelid in (select to_regclass(quote_ident(name)) from unnest(string_to_array($1, ',')) as name)
        and starts_with(tgname::text, 'zz_' || relname || '_') and tgenabled <> 'A'";

/// How often to check.
const INTERVAL: Duration = Duration::from_secs(10);
/// A waiting `alter table` blocks other statements, so the timeout is short.
const LOCK_TIMEOUT: &str = "set local lock_timeout = '50ms'";

/// Tables with the name of a trigger, or an empty name.
type BrokenTriggers = BTreeSet<(String, String)>;

/// Checks and repairs the triggers of these tables until stopped; logs those that it cannot repair.
pub(super) async fn run(db: Database, tables: Vec<&'static str>, mut stop: watch::Receiver<bool>) {
    let (tables, mut reported) = (Arc::new(tables), BrokenTriggers::new());
    loop {
        let all = tables.clone();
        match db.write(async move |db| Ok(repair(db, &all).await?)).await {
            Ok((broken, _)) => {
                broken.difference(&reported).for_each(warn);
                reported = broken;
            }
            Err(error) => {
                tracing::debug!(%error, "the change log's triggers could not be checked; trying again")
            }
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

fn warn((table, trigger): &(String, String)) {
    if trigger.starts_with("zz_") {
        let what =
            "a table has a disabled trigger that moves versions: a stale update may pass for a fresh one";
        return tracing::warn!(table, trigger, "{what}");
    }
    let what = if trigger.is_empty() { "has no trigger" } else { "has a disabled trigger" };
    tracing::warn!(
        table,
        trigger,
        "a table {what} for the change log: its changes are found by comparing rows, and published later"
    );
}

async fn repair(db: &Transaction, tables: &[&'static str]) -> Result<BrokenTriggers, DbErr> {
    let ask = |sql: &str| Statement::from_sql_and_values(DbBackend::Postgres, sql, [tables.join(",").into()]);
    let (logs, versions) =
        (db.query_all_raw(ask(LOG_TRIGGERS)).await?, db.query_all_raw(ask(VERSION_TRIGGERS)).await?);
    let mut broken = BrokenTriggers::new();
    for row in logs.iter().chain(&versions) {
        let text = |column: &str| row.try_get::<String>("", column);
        let (table, trigger) = (text("name")?, text("trigger")?);
        if text("state")? == "O" {
            db.execute_unprepared(LOCK_TIMEOUT).await?;
            db.execute_unprepared(&format!("alter table \"{table}\" enable always trigger \"{trigger}\""))
                .await?;
            tracing::info!(table, trigger, "a trigger has been enabled again for writes of replication");
        } else {
            broken.insert((table, trigger));
        }
    }
    Ok(broken)
}
