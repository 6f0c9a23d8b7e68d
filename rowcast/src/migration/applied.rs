//! The table of applied migrations, `rowcast_migrations`.
//!
//! Earlier versions used `seaql_migrations`, as other programs that use SeaORM do in the same database. Their table is
//! left alone. One of the engine's is read once. In its place stands one row, a migration that earlier versions do not
//! know, so that they refuse the database.

use sea_orm_migration::MigratorTraitSelf;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use super::Migrations;

/// The table.
pub(crate) const TABLE: &str = "rowcast_migrations";

/// The first migration that is unknown to versions that use the earlier table.
const UNKNOWN: &str = "m20261202_000001_prefix_tables";

/// Creates the table if there is none, with the rows of the earlier one. This must happen before the migrator reads it,
/// and in the transaction of the migration.
pub(super) async fn prepare(db: &impl ConnectionTrait, migrations: &Migrations) -> Result<(), DbErr> {
    if exists(db, TABLE).await? {
        return Ok(());
    }
    migrations.install(db).await?;
    match exists(db, "seaql_migrations").await? {
        true if is_ours(db).await? => {
            for statement in [COPY, CLEAR] {
                db.execute_unprepared(statement).await?;
            }
        }
        // Only a program with migrations of its own can have had an earlier version.
        false if migrations.has_product() => {
            db.execute_unprepared(CREATE).await?;
        }
        _ => return Ok(()),
    }
    let refuse = format!("insert into seaql_migrations (version, applied_at) values ('{UNKNOWN}', 0)");
    db.execute_unprepared(&refuse).await.map(drop)
}

const COPY: &str =
    "insert into rowcast_migrations (version, applied_at) select version, applied_at from seaql_migrations";
const CLEAR: &str = "delete from seaql_migrations";
const CREATE: &str =
    "create table seaql_migrations (version varchar(255) primary key, applied_at bigint not null)";

async fn is_ours(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let sql = "select 1 as found from seaql_migrations where version = 'm20261120_000001_create_change_log'";
    Ok(db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?.is_some())
}

/// Whether the current schema has the table.
async fn exists(db: &impl ConnectionTrait, table: &str) -> Result<bool, DbErr> {
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "select 1 as found from pg_class join pg_namespace on pg_namespace.oid = relnamespace
             where nspname = current_schema() and relname = $1"
        }
        _ => "select 1 as found from sqlite_schema where type = 'table' and name = $1",
    };
    let ask = Statement::from_sql_and_values(backend, sql, [table.into()]);
    Ok(db.query_one_raw(ask).await?.is_some())
}
