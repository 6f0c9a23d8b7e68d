//! Coaches sign in.

use sea_orm_migration::prelude::*;

use rowcast::migration::user_table;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        user_table::prepare(manager, "coaches", "username").await
    }
}
