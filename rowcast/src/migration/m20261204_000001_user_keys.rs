//! Numbers of users whose table has a key that is no integer, by which the engine's tables refer to them.

use sea_orm_migration::prelude::*;

use super::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[TABLE]).await
    }
}

const TABLE: &str = "
create table rowcast_user_keys (
    id {id},
    user_key {text} not null unique
) {strict}";
