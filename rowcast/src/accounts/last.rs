//! The check that at least one account can still sign in.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use crate::{database::Transaction, key::Key, users::UserTable};

/// Locked on PostgreSQL from the check to the commit; otherwise two concurrent deletions would each count the other
/// account. `accounts` in ASCII. SQLite has one writer.
const LOCK: i64 = 0x6163_636f_756e_7473;

/// Whether no other user has both a username and a password.
pub(super) async fn is_last(
    db: &Transaction,
    users: &UserTable,
    account: &Key,
    hold: bool,
) -> Result<bool, DbErr> {
    if hold && db.get_database_backend() == DbBackend::Postgres {
        let lock = format!("select from (select pg_advisory_xact_lock({LOCK})) as held");
        db.execute_unprepared(&lock).await?;
    }
    Ok(users.any_other_account(db, Some(account)).await?.is_none())
}
