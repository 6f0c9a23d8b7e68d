//! Tables with keys of any kind.

use sea_orm::ConnectionTrait;
use test_support::postgres::Cluster;

use super::*;
use crate::test_database;

const TABLES: &str = "
create domain number as integer;
create table customers (customer_id text primary key, version bigint not null default 1);
create table details (order_id bigint, product number, version bigint not null default 1, primary key (order_id, product));
create table things (id uuid primary key, version bigint not null default 1);
create table plain (id number primary key, version bigint not null default 1)";

/// In each table some rows are logged, and others are not.
const ROWS: &str = "
insert into customers values ('ALFKI'), ('it''s'), ('\"é\"');
insert into details values (10248, 11), (10248, 12), (9223372036854775807, 11);
insert into things values ('AAAAAAAA-0000-4000-8000-000000000001'), ('aaaaaaaa-0000-4000-8000-000000000002');
insert into plain values (7), (8), (9);
insert into rowcast_change_log (collection, row_key) values
    ('customers', '[\"it''s\"]'), ('details', '[10248,11]'), ('details', '[ 9223372036854775807, 11 ]'),
    ('things', '[\"aaaaaaaa-0000-4000-8000-000000000001\"]'), ('plain', '[7]');
insert into rowcast_change_log (collection, row_id) values ('plain', 8)";

#[actix_web::test]
async fn rows_without_entries_are_found_by_keys_of_any_kind_on_postgres() {
    let cluster = Cluster::start();
    let db = test_database::open(cluster.url()).await;
    let run = async move |sql: &'static str| {
        let work = async move |db: &Transaction| Ok(db.execute_unprepared(sql).await.map(drop)?);
        db.write(work).await.unwrap();
        let snapshot = async |db: &Transaction| {
            let ask = Statement::from_string(DbBackend::Postgres, "select pg_current_snapshot()::text as at");
            let row = db.query_one_raw(ask).await?.unwrap();
            Ok(Position::from_snapshot(&row.try_get::<String>("", "at")?).unwrap())
        };
        (db.read(snapshot).await.unwrap(), db.clone())
    };
    let (before, _) = run(TABLES).await;
    let (after, db) = run(ROWS).await;
    let found = async |position: &Position, table: &'static str, key: &'static [KeyColumn]| {
        let position = position.clone();
        let work = async move |db: &Transaction| {
            let table = Table { sql: table, log_name: table, key, embeds: &[], counts_versions: true };
            Ok(of_table(db, &table, &position).await?)
        };
        let rows = db.read(work).await.unwrap();
        rows.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(
        found(&before, "customers", const { &[KeyColumn::text("customer_id")] }).await,
        [r#""é""#.into(), "ALFKI".into()]
    );
    let detail = Key::from(vec![10248.into(), 12.into()]);
    assert_eq!(
        found(&before, "details", const { &[KeyColumn::number("order_id"), KeyColumn::number("product")] })
            .await,
        [detail]
    );
    let thing = "aaaaaaaa-0000-4000-8000-000000000002";
    assert_eq!(found(&before, "things", const { &[KeyColumn::text("id")] }).await, [thing.into()]);
    assert_eq!(found(&before, "plain", const { &[KeyColumn::number("id")] }).await, [9.into()]);
    assert_eq!(found(&after, "plain", const { &[KeyColumn::number("id")] }).await, []);
}
