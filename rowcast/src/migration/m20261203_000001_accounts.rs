//! The engine's own table of accounts, beside the tables of others.

use sea_orm_migration::prelude::*;

use super::{ddl, user_table};

/// The table.
pub(crate) const TABLE: &str = "rowcast_accounts";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[CREATE]).await?;
        user_table::prepare(manager, TABLE, "username").await
    }
}

const CREATE: &str = "
create table rowcast_accounts (
    id {id},
    username {text} unique check (length(username) between 2 and 254),
    name {text} check (length(name) between 1 and 100),
    password_hash {text},
    version {i64} not null default 1 check (version >= 1)
) {strict}";
