//! How the database schema came to be.
//!
//! ```text
//! run ─▶ [ lock │ m…_000001 │ m…_000002 │ … ] ─▶ all of them, or none
//! ```
//!
//! A migration that has been released is frozen: databases exist that it has made. What must change gets a new one. The
//! same holds for [`ddl`], [`change_log`] and [`versions`], which migrations are written with; new ones watch a table by
//! [`log_triggers`]. Nothing here knows the entities, which describe what the schema is today.

pub mod change_log;
pub mod ddl;
pub mod log_triggers;
pub mod versions;

mod m20261120_000001_create_change_log;
mod m20261120_000002_create_coaches;
mod m20261120_000003_create_exercise_moves;
mod m20261120_000004_create_workout_plans;
mod m20261120_000005_create_workout_plan_moves;
mod m20261120_000006_create_schedules;
mod m20261120_000007_create_tokens;
mod m20261125_000001_follow_the_log;
mod m20261125_000002_create_requests;
mod m20261130_000001_guard_versions;
mod m20261130_000002_guard_the_log;
mod m20261130_000003_bound_requests;
mod m20261130_000004_accounts;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, TransactionTrait};

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_create_change_log::Migration),
            Box::new(m20261120_000002_create_coaches::Migration),
            Box::new(m20261120_000003_create_exercise_moves::Migration),
            Box::new(m20261120_000004_create_workout_plans::Migration),
            Box::new(m20261120_000005_create_workout_plan_moves::Migration),
            Box::new(m20261120_000006_create_schedules::Migration),
            Box::new(m20261120_000007_create_tokens::Migration),
            Box::new(m20261125_000001_follow_the_log::Migration),
            Box::new(m20261125_000002_create_requests::Migration),
            Box::new(m20261130_000001_guard_versions::Migration),
            Box::new(m20261130_000002_guard_the_log::Migration),
            Box::new(m20261130_000003_bound_requests::Migration),
            Box::new(m20261130_000004_accounts::Migration),
        ]
    }
}

/// Held on PostgreSQL while migrating: `rowcast` in ASCII.
const LOCK: i64 = 0x72_6f77_6361_7374;

/// Applies what has not been applied yet: all of it, or nothing.
///
/// On PostgreSQL this is one transaction under a lock, so servers may start at the same time. On SQLite the connection
/// must be one that stays the same, and the caller's `begin immediate` and `commit` stand around this call: nothing
/// here begins a transaction there.
///
/// # Errors
/// [`DbErr`] when a statement fails, or when a newer program has already migrated this database further.
pub async fn run(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Migrator::up(db, None).await;
    }
    let transaction = db.begin().await?;
    let lock = format!("select pg_advisory_xact_lock({LOCK})");
    transaction.execute_unprepared(&lock).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}
