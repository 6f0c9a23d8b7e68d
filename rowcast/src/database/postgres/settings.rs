//! What a session is set to, by statements, and read back: a pooler between us and PostgreSQL may pass on no options.
//!
//! A connection on which a setting does not hold is not used. Without its limits what hangs would hang for good, and without
//! its isolation a reader would see half of a transaction.

use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection, Row};

/// A parameter and its value, as PostgreSQL spells it.
pub(super) type Setting = (&'static str, &'static str);

/// The server ends what hangs even when we cannot: one statement, a wait for a lock, and a process that was stopped in the
/// middle of a transaction, whose rows others wait for.
pub(super) const LIMITS: [Setting; 3] =
    [("statement_timeout", "6s"), ("lock_timeout", "4s"), ("idle_in_transaction_session_timeout", "5s")];
/// Others wait behind a write that waits for a lock here.
pub(super) const HASTY: [Setting; 1] = [("lock_timeout", "50ms")];
/// One snapshot, nothing written: set once, it takes no round trips each time.
pub(super) const SNAPSHOT: [Setting; 2] =
    [("default_transaction_isolation", "repeatable read"), ("default_transaction_read_only", "on")];
/// A table that has grown fast is not scanned as a whole for its newest rows, whatever the statistics say; and nothing is
/// compiled for a scan that cannot be avoided, because it then looks dear.
pub(super) const BY_INDEX: [Setting; 2] = [("enable_seqscan", "off"), ("jit", "off")];
/// A migration takes as long as it takes, and waits as long as others hold what it needs.
pub(super) const UNLIMITED: [Setting; 3] =
    [("statement_timeout", "0"), ("lock_timeout", "0"), ("idle_in_transaction_session_timeout", "0")];

/// The limits, and these; of two for one parameter the latter.
pub(super) fn with_limits(settings: &[Setting]) -> Vec<Setting> {
    let own = |name: &str| settings.iter().any(|(other, _)| *other == name);
    let limits = LIMITS.into_iter().filter(|(name, _)| !own(name));
    limits.chain(settings.iter().copied()).collect()
}

/// Sets them on a connection that is new.
///
/// # Errors
/// What the server says; [`sqlx::Error::Configuration`], with a sentence, if they do not hold.
pub(super) async fn apply(connection: &mut PgConnection, settings: &[Setting]) -> Result<(), sqlx::Error> {
    let each = |spell: fn(&Setting) -> String| settings.iter().map(spell).collect::<Vec<_>>().join(", ");
    let set = each(|(name, value)| format!("set_config('{name}', '{value}', false)"));
    sqlx::raw_sql(AssertSqlSafe(format!("select {set}"))).execute(&mut *connection).await?;
    // In a transaction of its own: what was set only for the first is gone by now.
    let ask = each(|(name, _)| format!("current_setting('{name}')"));
    let row =
        sqlx::raw_sql(AssertSqlSafe(format!("select concat_ws('|', {ask})"))).fetch_one(connection).await?;
    let found: String = row.try_get(0)?;
    let wanted = settings.iter().map(|(_, value)| *value).collect::<Vec<_>>().join("|");
    match found == wanted {
        true => Ok(()),
        false => Err(sqlx::Error::Configuration(format!("{POOLED}: {found} instead of {wanted}").into())),
    }
}

/// What is the matter when a session's settings do not stay with it.
pub(super) const POOLED: &str = "a pooler in front of PostgreSQL gives each transaction another session (transaction \
    mode), so neither settings nor LISTEN hold: set it to session mode (pool_mode = session), or connect directly";
