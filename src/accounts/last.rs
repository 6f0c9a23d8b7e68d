//! Whether anybody could still sign in without an account.

use entity::coach::{Column, Entity};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect, Select,
};

use crate::database::Transaction;

/// Held on PostgreSQL from the question to the commit, or two accounts that leave at the same time would each count the
/// other: `accounts` in ASCII. SQLite has one writer.
const LOCK: i64 = 0x6163_636f_756e_7473;

/// Whether no other coach has both a username and a password.
pub(super) async fn is_last(db: &Transaction, coach: i64, hold: bool) -> Result<bool, DbErr> {
    if hold && db.get_database_backend() == DbBackend::Postgres {
        let lock = format!("select from (select pg_advisory_xact_lock({LOCK})) as held");
        db.execute_unprepared(&lock).await?;
    }
    Ok(accounts().filter(Column::Id.ne(coach)).one(db).await?.is_none())
}

/// Whether no coach has both.
pub(super) async fn nobody(db: &Transaction) -> Result<bool, DbErr> {
    Ok(accounts().one(db).await?.is_none())
}

fn accounts() -> Select<Entity> {
    let named = Entity::find().filter(Column::Username.is_not_null());
    named.filter(Column::PasswordHash.is_not_null()).limit(1)
}
