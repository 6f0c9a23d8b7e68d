//! What a workout is made of.

use sea_orm_migration::prelude::*;

use rowcast::migration::{change_log, ddl};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[TABLE]).await?;
        change_log::track_changes(manager, "exercise_moves").await
    }
}

const TABLE: &str = "
create table exercise_moves (
    id {id},
    name {text} not null check (length(name) between 2 and 30),
    focus {text} not null check (length(focus) between 2 and 30),
    description {text} not null check (length(description) between 10 and 500),
    video_link {text} not null check (
        length(video_link) <= 2000
        and (lower(video_link) like 'http://_%' or lower(video_link) like 'https://_%')
    ),
    version {i64} not null default 1 check (version >= 1)
) {strict}";
