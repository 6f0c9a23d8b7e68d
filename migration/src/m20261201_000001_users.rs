//! Sign-ins of a database that was made when the engine and the planner were one: the columns name users now, and no foreign key
//! refers to the table of coaches. What goes with a coach is deleted by triggers, which the next migration makes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use rowcast::migration::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let is_sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        if has(manager, "tokens").await? {
            let convert: &[&str] = if is_sqlite { &SQLITE_TOKENS } else { &POSTGRES_TOKENS };
            ddl::execute(manager, convert).await?;
        }
        if has(manager, "known_addresses").await? {
            let convert: &[&str] = if is_sqlite { &SQLITE_ADDRESSES } else { &POSTGRES_ADDRESSES };
            ddl::execute(manager, convert).await?;
        }
        Ok(())
    }
}

/// Whether a table has the column that named a coach.
async fn has(manager: &SchemaManager<'_>, table: &str) -> Result<bool, DbErr> {
    let backend = manager.get_database_backend();
    let sql = match backend {
        DbBackend::Sqlite => format!("select name from pragma_table_info('{table}') where name = 'coach_id'"),
        _ => format!(
            "select attname::text as name from pg_attribute
             where attrelid = to_regclass('{table}') and attname = 'coach_id' and not attisdropped"
        ),
    };
    let found = manager.get_connection().query_one_raw(Statement::from_string(backend, sql)).await?;
    Ok(found.is_some())
}

// SQLite takes no foreign key away from a table.
const SQLITE_TOKENS: [&str; 6] = [
    "create table user_tokens (
        id {id},
        hash {text} not null unique check (length(hash) = 64),
        user_id {i64} not null,
        expires_at {i64} not null
    ) {strict}",
    "insert into user_tokens (id, hash, user_id, expires_at) select id, hash, coach_id, expires_at from tokens",
    "drop table tokens",
    "alter table user_tokens rename to tokens",
    "create index tokens_user_id on tokens (user_id)",
    "create index tokens_expires_at on tokens (expires_at)",
];

const SQLITE_ADDRESSES: [&str; 3] = [
    "create table if not exists user_addresses (
        user_id {i64} not null,
        address {text} not null,
        at {i64} not null,
        primary key (user_id, address)
    ) {strict}",
    "insert into user_addresses (user_id, address, at) select coach_id, address, at from known_addresses",
    "drop table known_addresses",
];

const POSTGRES_TOKENS: [&str; 3] = [
    "alter table tokens drop constraint if exists tokens_coach_id_fkey",
    "alter table tokens rename column coach_id to user_id",
    "alter index tokens_coach_id rename to tokens_user_id",
];

const POSTGRES_ADDRESSES: [&str; 4] = [
    "alter table known_addresses drop constraint if exists known_addresses_coach_id_fkey",
    "alter table known_addresses rename column coach_id to user_id",
    "alter table known_addresses rename to user_addresses",
    "alter index known_addresses_pkey rename to user_addresses_pkey",
];
