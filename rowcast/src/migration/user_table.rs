//! What a table needs whose rows sign in.
//!
//! - A quick way to usernames that are not kept in the form by which they are compared.
//! - Triggers by which the tokens of a user, and the addresses that are known for it, go with its row, whichever program
//!   deletes it. On PostgreSQL they fire under replication too, and on `truncate`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::log_triggers;

/// The tables that go with a user.
const OF_USERS: [&str; 2] = ["tokens", "user_addresses"];

/// The name of the trigger by which what belongs to a user goes with its row.
pub(crate) fn trigger(table: &str) -> String {
    format!("{table}_end_sign_ins")
}

/// Prepares `table`, which has an `id`, for users that sign in by the column `username`.
///
/// # Errors
/// [`DbErr`] when something cannot be made.
pub async fn prepare(manager: &SchemaManager<'_>, table: &str, username: &str) -> Result<(), DbErr> {
    let (bytes, triggers) = match manager.get_database_backend() {
        DbBackend::Sqlite => (format!("length(cast({username} as blob))"), sqlite(table)),
        _ => (format!("octet_length({username})"), postgres(&log_triggers::schema(manager).await?, table)),
    };
    // An expression with a value, because both planners know what part of a table has one; of a condition they guess.
    let index = format!(
        "create index if not exists {table}_unusual_username on {table} \
         ((case when lower({username}) <> {username} or length({username}) <> {bytes} then 1 else 0 end))"
    );
    for statement in [index].into_iter().chain(triggers) {
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

fn sqlite(table: &str) -> Vec<String> {
    let delete = OF_USERS.map(|of| format!("delete from {of} where user_id = old.id;")).concat();
    vec![format!("create trigger {} after delete on {table} for each row begin {delete} end", trigger(table))]
}

fn postgres(schema: &str, table: &str) -> Vec<String> {
    let of_one = OF_USERS.map(|of| format!("delete from {schema}.{of} where user_id = old.id;")).concat();
    let of_all = OF_USERS.map(|of| format!("delete from {schema}.{of};")).concat();
    let function = format!("{schema}.{table}_end_sign_ins()");
    let body = format!(
        "create function {function} returns trigger language plpgsql
         security definer set search_path = pg_catalog, pg_temp as $$
         begin
             if tg_op = 'TRUNCATE' then {of_all} else {of_one} end if;
             return null;
         end
         $$"
    );
    let trigger = |name: &str, when: &str| {
        [
            format!("create trigger {table}_{name} {when} on {table} {{each}} execute function {function}"),
            format!("alter table {table} enable always trigger {table}_{name}"),
        ]
    };
    let rows = trigger("end_sign_ins", "after delete").map(|sql| sql.replace("{each}", "for each row"));
    let all =
        trigger("end_all_sign_ins", "after truncate").map(|sql| sql.replace("{each}", "for each statement"));
    let revoke = format!("revoke execute on function {function} from public");
    [vec![body], rows.into(), all.into(), vec![revoke]].concat()
}
