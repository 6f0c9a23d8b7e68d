//! What whoever follows the change log must know beside it: how far back it goes, and which lives the database has had.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[STATE, FIRST, MARKS, EPOCHS, NO_LIVE]).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            ddl::execute(manager, &[RUNS, COMMITS]).await?;
        }
        Ok(())
    }
}

// All of transactions from `floor` on is still in the log; on SQLite a transaction goes by its `seq`.
const STATE: &str = "
create table change_log_state (
    id {i64} primary key check (id = 1),
    floor {i64} not null
) {strict}";

const FIRST: &str = "insert into change_log_state (id, floor) values (1, 0)";

// At that time, in seconds since 1970, all transactions below `next` had ended: what to prune by age.
const MARKS: &str = "
create table change_log_marks (
    id {id},
    at {i64} not null,
    next {i64} not null
) {strict}";

// A cursor names its epoch. Those of an earlier epoch are good up to where the next one began.
const EPOCHS: &str = "
create table epochs (
    id {id},
    epoch {text} not null unique check (length(epoch) = 36),
    place {text} not null,
    began {i64} not null
) {strict}";

// It held an epoch that would have outlived a restored backup.
const NO_LIVE: &str = "drop table live";

// Holds one id, until PostgreSQL recovers from a crash: then it is empty, because it is not logged.
const RUNS: &str = "create unlogged table runs (id text not null)";

// That a group of writes was committed, for whoever has lost the answer. Its transaction's number does not say it: after a crash
// it may be another one's.
const COMMITS: &str = "
create table commits (
    id text primary key,
    at bigint not null
)";
