//! The table of applied migrations, `rowcast_migrations`.
//!
//! Earlier versions used `seaql_migrations`, as other programs that use SeaORM do in the same database. Their table is
//! left alone. One of the engine's is read once. In its place stands one row, a migration that earlier versions do not
//! know, so that they refuse the database.

use sea_orm_migration::MigratorTraitSelf;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use super::{Migrations, engine, fresh};

/// The table.
pub(crate) const TABLE: &str = "rowcast_migrations";

/// The first migration that is unknown to versions that use the earlier table.
const UNKNOWN: &str = "m20261202_000001_prefix_tables";

/// Creates the table if there is none: with the rows of the earlier one, or, in a database that the engine has not
/// migrated before, together with the engine's other tables. This must happen before the migrator reads it, and in the
/// transaction of the migration.
pub(super) async fn prepare(manager: &SchemaManager<'_>, migrations: &Migrations) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let has_earlier = exists(manager, EARLIER).await?;
    let is_ours = has_earlier && is_ours(manager).await?;
    match exists(manager, TABLE).await? {
        true if is_ours => return Err(DbErr::Migration(TWICE.to_owned())),
        true => return Ok(()),
        false => migrations.install(db).await?,
    }
    if is_ours {
        for statement in [COPY, CLEAR] {
            db.execute_unprepared(statement).await?;
        }
        return refuse_earlier_versions(manager).await;
    }
    fresh::create(manager).await?;
    for migration in engine().iter().filter(|migration| migration.name() <= fresh::LAST) {
        record(manager, TABLE, migration.name()).await?;
    }
    // Without tables of a product, no earlier version has a use for the database.
    if has_earlier || !migrations.has_product() {
        return Ok(());
    }
    let integer = if manager.get_database_backend() == DbBackend::Sqlite { "integer" } else { "bigint" };
    let create = format!(
        "create table {EARLIER} (version varchar not null primary key, applied_at {integer} not null)"
    );
    db.execute_unprepared(&create).await?;
    refuse_earlier_versions(manager).await
}

/// Triggers of the product's tables would write to the earlier change log, which is no longer read.
const TWICE: &str = "the database has the tables of an earlier version beside those of this one, as if a dump of the \
    former had been restored over it: restore the dump into a database without tables, or drop the tables whose names \
    begin with rowcast_, which the restored ones replace";

/// The table of earlier versions.
const EARLIER: &str = "seaql_migrations";
const COPY: &str =
    "insert into rowcast_migrations (version, applied_at) select version, applied_at from seaql_migrations";
const CLEAR: &str = "delete from seaql_migrations";

async fn refuse_earlier_versions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    record(manager, EARLIER, UNKNOWN).await
}

async fn record(manager: &SchemaManager<'_>, table: &str, name: &str) -> Result<(), DbErr> {
    let now = match manager.get_database_backend() {
        DbBackend::Sqlite => "unixepoch()",
        _ => "extract(epoch from now())::bigint",
    };
    let sql = format!("insert into {table} (version, applied_at) values ('{name}', {now})");
    manager.get_connection().execute_unprepared(&sql).await.map(drop)
}

async fn is_ours(manager: &SchemaManager<'_>) -> Result<bool, DbErr> {
    let sql = "select 1 as found from seaql_migrations where version = 'm20261120_000001_create_change_log'";
    let ask = Statement::from_string(manager.get_database_backend(), sql);
    Ok(manager.get_connection().query_one_raw(ask).await?.is_some())
}

/// Whether the current schema has the table.
async fn exists(manager: &SchemaManager<'_>, table: &str) -> Result<bool, DbErr> {
    let backend = manager.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => {
            "select 1 as found from pg_class join pg_namespace on pg_namespace.oid = relnamespace
             where nspname = current_schema() and relname = $1"
        }
        _ => "select 1 as found from sqlite_schema where type = 'table' and name = $1",
    };
    let ask = Statement::from_sql_and_values(backend, sql, [table.into()]);
    Ok(manager.get_connection().query_one_raw(ask).await?.is_some())
}
