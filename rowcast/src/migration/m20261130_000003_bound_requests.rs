//! A clock that ignores jumps of system clocks, and the owner and size of stored acks.

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

// Seconds since 1970: the time at the last advance, and the time of the database's clock then. The boot id and the
// uptime of the machine at that moment are used on SQLite, where one machine uses the file.
const CLOCK: &str = "
create table clock (
    id {i64} primary key check (id = 1),
    at {i64} not null,
    wall {i64} not null,
    boot {text},
    uptime {i64}
) {strict}";

// `kind` 1 is a digest of the payload's text, 2 one of the decoded payload; earlier versions, which know only the
// former, do not know the column. `owner` is the user who made the write, `source` the client whose quota `size` is
// counted in. If `collection` is set, `ack` has no data: a retry returns the row.
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
