//! A clock that no jump moves, and what bounds the requests that are remembered: whose they are, and how much each takes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let today = match manager.get_database_backend() {
            DbBackend::Postgres => "extract(epoch from now())::bigint",
            _ => "unixepoch()",
        };
        let first = format!("insert into clock (id, at, wall) values (1, {today}, {today})");
        ddl::execute(manager, &[CLOCK, &first]).await?;
        ddl::execute(manager, &REQUESTS).await?;
        ddl::execute(manager, &[COUNTED, INDEX]).await
    }
}

// Seconds since 1970: what the clock showed when it was wound last, and what the database's own clock showed then. Which start
// of the machine that was, and for how long it had been running, counts where the file has one machine.
const CLOCK: &str = "
create table clock (
    id {i64} primary key check (id = 1),
    at {i64} not null,
    wall {i64} not null,
    boot {text},
    uptime {i64}
) {strict}";

// `kind` 1 is a digest of what was sent as it was spelled, 2 one of what it meant: a version that knows only the former does
// not know the column. `owner` is the user whose write it was, `source` the client that `size` is counted for. Where
// `collection` is given, `ack` has no data: a repeat shows the row.
const REQUESTS: [&str; 6] = [
    "alter table requests add column kind {i64} not null default 1",
    "alter table requests add column owner {i64}",
    "alter table requests add column source {text} not null default ''",
    "alter table requests add column size {i64} not null default 0",
    "alter table requests add column collection {text}",
    "alter table requests add column row_id {i64}",
];

const COUNTED: &str = "update requests set size = length(ack) + 256";

const INDEX: &str = "create index requests_source on requests (source, size, at)";
