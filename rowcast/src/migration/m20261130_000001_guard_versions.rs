//! Versions that are incremented whenever a row changes, whatever program writes.

use sea_orm_migration::prelude::*;

use super::versions;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        versions::prepare(manager).await
    }
}
