//! Coaches: the teachers of classes, and the planner's users.

use sea_orm_migration::prelude::*;

use rowcast::migration::{change_log, ddl};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[TABLE]).await?;
        change_log::track_changes(manager, "coaches").await
    }
}

const TABLE: &str = "
create table coaches (
    id {id},
    name {text} not null check (length(name) between 2 and 40),
    age {i64} not null check (age between 18 and 120),
    picture {text} not null check (
        length(picture) <= 2000
        and (lower(picture) like 'http://_%' or lower(picture) like 'https://_%')
    ),
    username {text} unique check (length(username) between 2 and 40),
    password_hash {text},
    version {i64} not null default 1 check (version >= 1)
) {strict}";
