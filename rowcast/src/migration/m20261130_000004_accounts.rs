//! Addresses from which users have signed in.

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
create table user_addresses (
    user_id {i64} not null,
    address {text} not null,
    at {i64} not null,
    primary key (user_id, address)
) {strict}";
