//! What a class works through.

use sea_orm_migration::prelude::*;

use rowcast::migration::{change_log, ddl};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[TABLE]).await?;
        change_log::track_changes(manager, "workout_plans").await
    }
}

const TABLE: &str = "
create table workout_plans (
    id {id},
    name {text} not null check (length(name) between 2 and 40),
    difficulty {text} not null check (length(difficulty) between 2 and 20),
    description {text} not null check (length(description) between 10 and 300),
    version {i64} not null default 1 check (version >= 1)
) {strict}";
