//! Where coaches are signed in. No collection: clients are never told of a change here.

use sea_orm_migration::prelude::*;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[TABLE, COACH_INDEX, EXPIRY_INDEX]).await
    }
}

const TABLE: &str = "
create table tokens (
    id {id},
    hash {text} not null unique check (length(hash) = 64),
    coach_id {i64} not null references coaches (id) on delete cascade,
    expires_at {i64} not null
) {strict}";

const COACH_INDEX: &str = "create index tokens_coach_id on tokens (coach_id)";

const EXPIRY_INDEX: &str = "create index tokens_expires_at on tokens (expires_at)";
