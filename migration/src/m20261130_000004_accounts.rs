//! From where each coach has signed in, and a quick way to usernames that are not kept in the form they are compared by.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let bytes = match manager.get_database_backend() {
            DbBackend::Postgres => "octet_length(username)",
            _ => "length(cast(username as blob))",
        };
        // An expression with a value, because both planners know what part of a table has one; of a condition they guess.
        let unusual = format!(
            "create index coaches_unusual_username on coaches \
             ((case when lower(username) <> username or length(username) <> {bytes} then 1 else 0 end))"
        );
        ddl::execute(manager, &[TABLE, &unusual]).await
    }
}

const TABLE: &str = "
create table known_addresses (
    coach_id {i64} not null references coaches (id) on delete cascade,
    address {text} not null,
    at {i64} not null,
    primary key (coach_id, address)
) {strict}";
