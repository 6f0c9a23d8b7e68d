//! The change log, and the epoch of the database.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::{change_log, ddl};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let statements = match manager.get_database_backend() {
            DbBackend::Sqlite => [SQLITE, LIVE, SQLITE_EPOCH].as_slice(),
            _ => &[POSTGRES, POSTGRES_INDEX, LIVE, POSTGRES_EPOCH],
        };
        ddl::execute(manager, statements).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            change_log::create_functions(manager).await?;
        }
        Ok(())
    }
}

// One writer: `seq` is ordered by commit. Without autoincrement, a pruned log would reuse numbers.
const SQLITE: &str = "
create table change_log (
    seq integer primary key autoincrement,
    collection text not null,
    row_id integer not null
) strict";

// Many writers: `seq` is assigned before the commit, and only `txid` can be compared with a snapshot.
const POSTGRES: &str = "
create table change_log (
    seq bigint generated always as identity primary key,
    collection text not null,
    row_id bigint not null,
    txid xid8 not null default pg_current_xact_id()
)";

const POSTGRES_INDEX: &str = "create index change_log_txid on change_log (txid)";

const LIVE: &str = "
create table live (
    id {i64} primary key check (id = 1),
    epoch text not null check (length(epoch) = 36)
) {strict}";

// A version 4 UUID (RFC 9562).
const SQLITE_EPOCH: &str = "
insert into live (id, epoch)
select 1, lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
    || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
)";

const POSTGRES_EPOCH: &str = "insert into live (id, epoch) values (1, gen_random_uuid()::text)";
