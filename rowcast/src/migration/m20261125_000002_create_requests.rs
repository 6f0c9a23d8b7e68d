//! Stored acks of writes by request id, for idempotent retries.

use sea_orm_migration::prelude::*;

use super::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[TABLE, INDEX]).await
    }
}

// `digest` is the SHA-256 of the event and its payload; `at` counts seconds since 1970.
const TABLE: &str = "
create table requests (
    id {text} primary key check (length(id) = 36),
    digest {text} not null check (length(digest) = 64),
    ack {text} not null,
    at {i64} not null
) {strict}";

const INDEX: &str = "create index requests_at on requests (at)";
