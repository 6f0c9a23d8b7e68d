//! SQLite in memory, behind a proxy connection as the server has one.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, params_from_iter, types::Value as Cell};
use sea_orm::{
    Database, DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow, Statement,
    Value,
};

use sea_orm_migration::MigratorTraitSelf;

use super::{
    all, common, earlier_versions, execute, migrations, prefix, query, run,
    versions::{self, moves},
};

struct Proxy(Mutex<Connection>);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy")
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        let connection = self.0.lock().unwrap();
        let mut prepared = connection.prepare(&statement.sql).map_err(failed)?;
        let names: Vec<String> = prepared.column_names().into_iter().map(Into::into).collect();
        let row = |row: &rusqlite::Row<'_>| {
            let cells = names.iter().enumerate().map(|(i, name)| Ok((name.clone(), out(row.get(i)?))));
            cells.collect::<rusqlite::Result<BTreeMap<_, _>>>().map(ProxyRow::new)
        };
        let rows = prepared.query_map(params_from_iter(values(&statement)), row).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        let connection = self.0.lock().unwrap();
        let parameters = params_from_iter(values(&statement));
        let changed = connection.execute(&statement.sql, parameters).map_err(failed)?;
        Ok(ProxyExecResult::new(0, changed as u64))
    }

    // Whoever counts on these is found out: a transaction that a proxy does not begin is none.
    async fn begin(&self) {
        panic!("nothing may begin a transaction of its own here");
    }
}

fn failed(error: rusqlite::Error) -> DbErr {
    DbErr::Custom(error.to_string())
}

fn values(statement: &Statement) -> Vec<Cell> {
    let values = statement.values.iter().flat_map(|values| values.0.clone());
    values
        .map(|value| match value {
            Value::BigInt(Some(number)) => Cell::Integer(number),
            Value::String(Some(text)) => Cell::Text(text),
            other => panic!("unexpected {other:?}"),
        })
        .collect()
}

fn out(cell: Cell) -> Value {
    match cell {
        Cell::Integer(number) => number.into(),
        Cell::Text(text) => text.into(),
        _ => Value::String(None),
    }
}

async fn open() -> DatabaseConnection {
    let connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(Proxy(Mutex::new(connection)));
    Database::connect_proxy(DbBackend::Sqlite, Arc::new(proxy)).await.unwrap()
}

#[tokio::test]
async fn schema_holds_on_sqlite() {
    let db = open().await;
    run(&db).await.unwrap();
    common::check_all(&db).await;
    versions::check_all(&db).await;
    prefix::helpers_find_the_tables(&db).await;
    prefix::earlier_versions_are_refused(&db).await;
    prefix::restored_earlier_tables_are_refused(&db).await;
    replaced_row_has_new_version(&db).await;
    versions_increment_once_with_recursive_triggers(&db).await;
}

#[tokio::test]
async fn database_of_earlier_version_is_migrated() {
    let (old, new) = (open().await, open().await);
    run(&new).await.unwrap();
    earlier_versions::assert_migrated(&old, &new).await;
    prefix::earlier_versions_are_refused(&old).await;
}

#[tokio::test]
async fn tables_of_others_are_left_alone() {
    prefix::tables_of_others_are_left_alone(&open().await).await;
}

#[tokio::test]
async fn log_without_prefix_keeps_entries_and_numbers() {
    prefix::log_without_prefix_keeps_entries_and_numbers(&open().await).await;
}

#[tokio::test]
async fn repeated_run_changes_nothing() {
    let db = open().await;
    run(&db).await.unwrap();
    let schema = "select coalesce(sql, '') || name as text from sqlite_schema order by name";
    let before = query(&db, schema).await.len();
    run(&db).await.unwrap();

    assert_eq!(query(&db, schema).await.len(), before);
}

#[tokio::test]
async fn failed_migration_is_rolled_back() {
    let db = open().await;
    all(&db, &["create table coaches (stray text)", "begin immediate"]).await;

    assert!(run(&db).await.is_err());

    execute(&db, "rollback").await.unwrap();
    let tables = query(&db, "select name from sqlite_schema where type = 'table'").await;
    assert_eq!(tables.len(), 1);
}

/// The table is recreated with its entries, and no number is used again.
#[tokio::test]
async fn legacy_log_is_migrated_with_its_entries() {
    let db = open().await;
    migrations().up(&db, Some(9)).await.unwrap();
    let coach = "insert into coaches (name, age, picture) values ('Ada', 36, 'https://example.com')";
    all(&db, &[coach, coach, coach, "delete from change_log where seq = 3"]).await;
    run(&db).await.unwrap();
    all(&db, &[coach]).await;
    let entries = query(&db, "select seq, row_id, mark from rowcast_change_log order by seq").await;
    let number = |row: &sea_orm::QueryResult, column: &str| row.try_get::<i64>("", column).unwrap();
    let known: Vec<(i64, i64)> =
        entries.iter().map(|row| (number(row, "seq"), number(row, "row_id"))).collect();
    assert_eq!(known, [(1, 1), (2, 2), (4, 4)]);
    let mut marks: Vec<i64> = entries.iter().map(|row| number(row, "mark")).collect();
    marks.sort_unstable();
    marks.dedup();
    assert_eq!(marks.len(), 3, "no two alike");
}

#[tokio::test]
async fn number_column_rejects_text() {
    let db = open().await;
    run(&db).await.unwrap();
    let coach = "insert into coaches (name, age, picture) values ('Ada', 'old', 'https://example.com')";
    assert!(execute(&db, coach).await.is_err());
}

/// `insert or replace` deletes and inserts, and no trigger fires for the deletion.
async fn replaced_row_has_new_version(db: &DatabaseConnection) {
    let replace =
        "insert or replace into coaches (id, name, age, picture) values (901, 'Bob', 41, 'https://x')";
    assert!(moves(db, "coaches", 901, replace).await > 0);
}

async fn versions_increment_once_with_recursive_triggers(db: &DatabaseConnection) {
    all(db, &["pragma recursive_triggers = on"]).await;
    assert_eq!(moves(db, "coaches", 901, "update coaches set age = 42 where id = 901").await, 1);
    let old = "update coaches set age = 43, version = 1 where id = 901";
    assert_eq!(moves(db, "coaches", 901, old).await, 1);
    let link =
        "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values (901, 900, 0)";
    assert_eq!(moves(db, "workout_plans", 901, link).await, 1);
    all(db, &["pragma recursive_triggers = off"]).await;
}
