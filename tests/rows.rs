//! Rows of a connection with SQLite's types only: 64-bit numbers, text and null.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::sync::Arc;

use planner::collections::{coaches::coach, schedules::schedule, workout_plans::workout_plan_move};
use sea_orm::{
    Database, DatabaseConnection, DbBackend, DbErr, EntityTrait, ProxyDatabaseTrait, ProxyExecResult,
    ProxyRow, Statement, Value,
};

/// Answers each table's query with one row.
#[derive(Debug)]
struct Proxy;

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: Statement) -> Result<Vec<ProxyRow>, DbErr> {
        let row: &[(&str, Value)] = match &statement.sql {
            sql if sql.contains("FROM \"coaches\"") => &[
                ("id", 4_i64.into()),
                ("name", "Ada".into()),
                ("age", 36_i64.into()),
                ("picture", "https://example.com/ada.png".into()),
                ("username", Value::String(None)),
                ("password_hash", Value::String(None)),
                ("version", 1_i64.into()),
            ],
            sql if sql.contains("FROM \"schedules\"") => &[
                ("id", 1_i64.into()),
                ("day", "Monday".into()),
                ("hour", "900".into()),
                ("coach_id", 4_i64.into()),
                ("workout_plan_id", 2_i64.into()),
                ("version", 1_i64.into()),
            ],
            _ => &[
                ("id", 1_i64.into()),
                ("workout_plan_id", 2_i64.into()),
                ("exercise_move_id", 3_i64.into()),
                ("position", 0_i64.into()),
            ],
        };
        let values = row.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Ok(vec![ProxyRow::new(values.collect())])
    }

    async fn execute(&self, statement: Statement) -> Result<ProxyExecResult, DbErr> {
        Err(DbErr::Custom(statement.sql))
    }
}

async fn connect() -> DatabaseConnection {
    let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(Proxy);
    Database::connect_proxy(DbBackend::Sqlite, Arc::new(proxy)).await.unwrap()
}

#[tokio::test]
async fn sqlite_numbers_and_nulls_fit_every_column() {
    let db = connect().await;

    let coach = coach::Entity::find().one(&db).await.unwrap().unwrap();
    assert_eq!((coach.age, coach.username, coach.password_hash), (36, None, None));

    let place = workout_plan_move::Entity::find().one(&db).await.unwrap().unwrap();
    assert_eq!(place.position, 0);

    let class = schedule::Entity::find().one(&db).await.unwrap().unwrap();
    assert_eq!((class.coach_id, class.workout_plan_id), (4, 2));
}
