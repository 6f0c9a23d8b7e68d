//! Settings of a session, set by statements and read back, because a pooler may not pass on options.
//!
//! A connection on which a setting does not persist is rejected: without timeouts a hanging statement would never end,
//! and without isolation a reader would see half of a transaction.

use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection, Row};

/// A parameter and its value in PostgreSQL's notation.
pub(super) type Setting = (&'static str, &'static str);

/// Timeouts of the server: for a statement, a lock, and a transaction of a stalled client, whose locks others wait for.
pub(super) const TIMEOUTS: [Setting; 3] =
    [("statement_timeout", "6s"), ("lock_timeout", "4s"), ("idle_in_transaction_session_timeout", "5s")];
/// For batched writes: other writes wait behind one that waits for a lock.
pub(super) const SHORT_LOCK_TIMEOUT: [Setting; 1] = [("lock_timeout", "50ms")];
/// For read-only snapshots: as session settings they need no round trip for each transaction.
pub(super) const READ_ONLY_SNAPSHOT: [Setting; 2] =
    [("default_transaction_isolation", "repeatable read"), ("default_transaction_read_only", "on")];
/// For the change log: with outdated statistics PostgreSQL would scan a fast-growing table for its newest rows. Without
/// JIT, because the setting makes unavoidable scans look expensive.
pub(super) const PREFER_INDEX: [Setting; 2] = [("enable_seqscan", "off"), ("jit", "off")];
/// For migrations, which may run and wait for locks for any time.
pub(super) const NO_TIMEOUTS: [Setting; 3] =
    [("statement_timeout", "0"), ("lock_timeout", "0"), ("idle_in_transaction_session_timeout", "0")];

/// The forms of values that are read as text.
const FORMS: [Setting; 2] = [("TimeZone", "UTC"), ("IntervalStyle", "iso_8601")];

/// The forms of values and the default timeouts, overridden by these settings.
pub(super) fn with_timeouts(settings: &[Setting]) -> Vec<Setting> {
    let own = |name: &str| settings.iter().any(|(other, _)| *other == name);
    let defaults = FORMS.into_iter().chain(TIMEOUTS).filter(|(name, _)| !own(name));
    defaults.chain(settings.iter().copied()).collect()
}

/// Applies settings to a new connection.
///
/// # Errors
/// Those of the server; [`sqlx::Error::Configuration`], with a sentence, if a setting does not persist.
pub(super) async fn apply(connection: &mut PgConnection, settings: &[Setting]) -> Result<(), sqlx::Error> {
    let each = |render: fn(&Setting) -> String| settings.iter().map(render).collect::<Vec<_>>().join(", ");
    let set = each(|(name, value)| format!("set_config('{name}', '{value}', false)"));
    sqlx::raw_sql(AssertSqlSafe(format!("select {set}"))).execute(&mut *connection).await?;
    // In another transaction: settings of the first one alone are reset by now.
    let ask = each(|(name, _)| format!("current_setting('{name}')"));
    let row =
        sqlx::raw_sql(AssertSqlSafe(format!("select concat_ws('|', {ask})"))).fetch_one(connection).await?;
    let found: String = row.try_get(0)?;
    let wanted = settings.iter().map(|(_, value)| *value).collect::<Vec<_>>().join("|");
    match found == wanted {
        true => Ok(()),
        false => Err(sqlx::Error::Configuration(
            format!("{TRANSACTION_POOLING}: {found} instead of {wanted}").into(),
        )),
    }
}

/// The reason why settings do not persist.
pub(super) const TRANSACTION_POOLING: &str = "a pooler in front of PostgreSQL gives each transaction another session (transaction \
    mode), so neither settings nor LISTEN hold: set it to session mode (pool_mode = session), or connect directly";
