//! State for readers of the change log: its start, and the epochs of the database.

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

// The log contains all changes of transactions from `floor` on; on SQLite transactions are identified by `seq`.
const STATE: &str = "
create table change_log_state (
    id {i64} primary key check (id = 1),
    floor {i64} not null
) {strict}";

const FIRST: &str = "insert into change_log_state (id, floor) values (1, 0)";

// At `at`, in seconds since 1970, all transactions below `next` had ended; used for pruning by age.
const MARKS: &str = "
create table change_log_marks (
    id {id},
    at {i64} not null,
    next {i64} not null
) {strict}";

// A cursor contains its epoch. Cursors of an earlier epoch are valid up to the start of the next one.
const EPOCHS: &str = "
create table epochs (
    id {id},
    epoch {text} not null unique check (length(epoch) = 36),
    place {text} not null,
    began {i64} not null
) {strict}";

// Its epoch would have stayed the same after the restore of a backup.
const NO_LIVE: &str = "drop table live";

// Contains one id. Crash recovery of PostgreSQL empties the table, because it is unlogged.
const RUNS: &str = "create unlogged table runs (id text not null)";

// Commit markers, to resolve commits whose response was lost. A transaction's number does not suffice: after a crash it
// may be reused.
const COMMITS: &str = "
create table commits (
    id text primary key,
    at bigint not null
)";
