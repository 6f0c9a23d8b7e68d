//! A stamp of the catalog: cheap to read each second, and another one after each change of the schema.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{
    database::{Database, Transaction},
    error::Error,
};

/// A text that differs whenever the catalog may.
///
/// # Errors
/// [`Error`] of the database.
pub(super) async fn stamp(db: &Database) -> Result<String, Error> {
    db.read(async |db: &Transaction| {
        let backend = db.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => POSTGRES,
            _ => "select cast(schema_version as text) as stamp from pragma_schema_version",
        };
        let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
        Ok(row.map_or(Ok(String::new()), |row| row.try_get("", "stamp"))?)
    })
    .await
}

/// The transactions that wrote the rows of the catalog. Temporary tables do not count, which some programs make for each
/// report.
const POSTGRES: &str = "
    with temporary as materialized (
        select c.oid from pg_catalog.pg_class c where c.relpersistence = 't')
    select pg_catalog.concat_ws(' ',
        (select pg_catalog.sum(pg_catalog.hashtextextended(c.xmin::pg_catalog.text, c.oid::pg_catalog.int8))
            from pg_catalog.pg_class c
            where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.oid >= 16384 and c.relpersistence <> 't'),
        (select pg_catalog.sum(pg_catalog.hashtextextended(a.xmin::pg_catalog.text, a.attrelid::pg_catalog.int8 * 2048 + a.attnum))
            from pg_catalog.pg_attribute a
            where a.attrelid >= 16384 and a.attnum > 0 and a.attrelid not in (select oid from temporary)),
        (select pg_catalog.sum(pg_catalog.hashtextextended(c.xmin::pg_catalog.text, c.oid::pg_catalog.int8))
            from pg_catalog.pg_constraint c where c.oid >= 16384 and c.conrelid not in (select oid from temporary)),
        (select pg_catalog.sum(pg_catalog.hashtextextended(d.xmin::pg_catalog.text, d.oid::pg_catalog.int8))
            from pg_catalog.pg_attrdef d where d.oid >= 16384 and d.adrelid not in (select oid from temporary)),
        (select pg_catalog.sum(pg_catalog.hashtextextended(i.xmin::pg_catalog.text, i.indexrelid::pg_catalog.int8))
            from pg_catalog.pg_index i where i.indexrelid >= 16384 and i.indrelid not in (select oid from temporary)),
        (select pg_catalog.sum(pg_catalog.hashtextextended(e.xmin::pg_catalog.text, e.oid::pg_catalog.int8))
            from pg_catalog.pg_enum e where e.oid >= 16384),
        (select pg_catalog.sum(pg_catalog.hashtextextended(t.xmin::pg_catalog.text, t.oid::pg_catalog.int8))
            from pg_catalog.pg_type t where t.oid >= 16384 and t.typtype in ('d', 'e', 'r')),
        (select pg_catalog.sum(pg_catalog.hashtextextended(t.xmin::pg_catalog.text, t.oid::pg_catalog.int8))
            from pg_catalog.pg_trigger t where not t.tgisinternal and t.tgrelid not in (select oid from temporary)),
        (select pg_catalog.sum(pg_catalog.hashtextextended(d.xmin::pg_catalog.text, d.objoid::pg_catalog.int8 * 2048 + d.objsubid))
            from pg_catalog.pg_description d
            where d.objoid >= 16384 and d.objoid not in (select oid from temporary))) as stamp";

#[cfg(test)]
mod tests {
    use test_support::postgres::Cluster;

    use super::*;
    use crate::test_database;

    /// Each changes the catalog.
    const CHANGES: [&str; 7] = [
        "create table rooms (id integer primary key)",
        "alter table rooms add column name text default 'x'",
        "alter table rooms add check (id > 0)",
        "create unique index rooms_name on rooms (name)",
        "comment on table rooms is 'Rooms.'",
        "create type mood as enum ('sad')",
        "alter type mood add value 'ok'",
    ];

    #[actix_web::test]
    async fn stamp_differs_after_each_change_but_temporary_tables_on_postgres() {
        let cluster = Cluster::start();
        let db = test_database::open(cluster.url()).await;
        let run = async |sql: &'static str| {
            let work = async move |db: &Transaction| Ok(db.execute_unprepared(sql).await.map(drop)?);
            db.write(work).await.unwrap();
        };
        let mut before = stamp(&db).await.unwrap();
        for change in CHANGES {
            run(change).await;
            let after = stamp(&db).await.unwrap();
            assert_ne!(after, before, "{change}");
            before = after;
        }
        run(
            "create temporary table report (id serial primary key, name text default 'x' check (name <> ''));
            comment on table report is 'A report.'",
        )
        .await;
        assert_eq!(stamp(&db).await.unwrap(), before);
    }
}
