//! Tokens of signed-in users. The table is no collection, so clients receive none of it.

use sea_orm_migration::prelude::*;

use super::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[TABLE, USER_INDEX, EXPIRY_INDEX]).await
    }
}

const TABLE: &str = "
create table tokens (
    id {id},
    hash {text} not null unique check (length(hash) = 64),
    user_id {i64} not null,
    expires_at {i64} not null
) {strict}";

const USER_INDEX: &str = "create index tokens_user_id on tokens (user_id)";

const EXPIRY_INDEX: &str = "create index tokens_expires_at on tokens (expires_at)";
