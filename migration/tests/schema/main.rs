//! The schema: rows that it refuses, changes that it logs, versions. Common checks run on both databases.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;
mod earlier_versions;
mod postgres;
mod prefix;
mod sqlite;
mod versions;

use rowcast::migration::Migrations;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};

/// All migrations, as the planner has them.
fn migrations() -> Migrations {
    Migrations::with(&[migration::all])
}

async fn run(db: &DatabaseConnection) -> Result<(), DbErr> {
    rowcast::migration::run(db, &migrations()).await
}

/// The log entries since the last call, in order.
async fn log(db: &DatabaseConnection) -> Vec<(String, i64)> {
    let select = "select collection, row_id from rowcast_change_log order by seq";
    let rows = query(db, select).await;
    execute(db, "delete from rowcast_change_log").await.unwrap();
    rows.iter()
        .map(|row| (row.try_get("", "collection").unwrap(), row.try_get("", "row_id").unwrap()))
        .collect()
}

async fn query(db: &DatabaseConnection, sql: &str) -> Vec<sea_orm::QueryResult> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_all_raw(statement).await.unwrap()
}

async fn text(db: &DatabaseConnection, sql: &str) -> String {
    query(db, sql).await[0].try_get("", "text").unwrap()
}

async fn execute(db: &DatabaseConnection, sql: &str) -> Result<(), DbErr> {
    db.execute_unprepared(sql).await.map(drop)
}

/// Runs several statements, each of which must succeed.
async fn all(db: &DatabaseConnection, statements: &[&str]) {
    for sql in statements {
        if let Err(error) = execute(db, sql).await {
            panic!("{sql}: {error}");
        }
    }
}
