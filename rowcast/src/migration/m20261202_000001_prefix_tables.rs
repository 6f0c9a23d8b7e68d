//! Names for the engine's tables that no other program uses, and entries of the change log with keys of any kind.
//!
//! Tables called `tokens`, `requests` or `clock` exist in many databases. All of the engine's get the prefix
//! `rowcast_`, with their indexes, sequences and triggers; rows, grants and numbers stay. What refers to them by name
//! is changed with them: triggers on SQLite, functions on PostgreSQL.
//!
//! An entry of the log, or a stored ack, has the row's `row_id`, or else its `row_key`: a JSON array of the key's
//! values in the order of the primary key, such as `["ALFKI"]` or `[10248, 11]`. Integers are JSON numbers, all other
//! values are text.

pub(super) mod postgres;
pub(super) mod sqlite;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Sqlite => sqlite::up(manager).await?,
            _ => postgres::up(manager).await?,
        }
        ddl::execute(manager, &["alter table rowcast_requests add column row_key {text}"]).await
    }
}

/// The tables of both databases, without the prefix.
const TABLES: [&str; 9] = [
    "change_log",
    "change_log_digest",
    "change_log_marks",
    "change_log_state",
    "clock",
    "epochs",
    "requests",
    "tokens",
    "user_addresses",
];
