//! Index and triggers of the table of users.
//!
//! - An index of usernames that are not stored in canonical form.
//! - Triggers that delete the tokens and addresses of a user with its row, whatever program deletes it. On PostgreSQL
//!   they also fire under replication and on `truncate`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::names::{self, ChangeLog};

/// The tables whose rows are deleted with a user, without their prefix.
const USER_TABLES: [&str; 2] = ["tokens", "user_addresses"];

/// The name of the trigger on deletion.
pub(crate) fn trigger(table: &str) -> String {
    format!("{table}_end_sign_ins")
}

/// Creates the index and the triggers of `table`, which has the columns `id` and `username`.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn prepare(manager: &SchemaManager<'_>, table: &str, username: &str) -> Result<(), DbErr> {
    let log = names::change_log(manager).await?;
    let log = log.ok_or_else(|| DbErr::Migration("there is no change log".to_owned()))?;
    let (bytes, triggers) = match manager.get_database_backend() {
        DbBackend::Sqlite => (format!("length(cast({username} as blob))"), sqlite(&log, table)),
        _ => (format!("octet_length({username})"), postgres(&log, table)),
    };
    // An expression with a value, because both query planners have statistics of values; of conditions they guess.
    let index = format!(
        "create index if not exists {table}_unusual_username on {table} \
         ((case when lower({username}) <> {username} or length({username}) <> {bytes} then 1 else 0 end))"
    );
    for statement in [index].into_iter().chain(triggers) {
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

fn sqlite(ChangeLog { prefix, .. }: &ChangeLog, table: &str) -> Vec<String> {
    let delete = USER_TABLES.map(|of| format!("delete from {prefix}{of} where user_id = old.id;")).concat();
    vec![format!("create trigger {} after delete on {table} for each row begin {delete} end", trigger(table))]
}

fn postgres(ChangeLog { schema, prefix }: &ChangeLog, table: &str) -> Vec<String> {
    let of_one =
        USER_TABLES.map(|of| format!("delete from {schema}.{prefix}{of} where user_id = old.id;")).concat();
    let of_all = USER_TABLES.map(|of| format!("delete from {schema}.{prefix}{of};")).concat();
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
