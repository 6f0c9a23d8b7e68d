//! How the database schema came to be.
//!
//! ```text
//! run ─▶ [ lock │ m…_000001 │ m…_000002 │ … ] ─▶ all of them, or none
//! ```
//!
//! The engine has migrations of its own, and each product adds some: both are applied in the order of their names.
//!
//! A migration that has been released is frozen: databases exist that it has made. What must change gets a new one. The
//! same holds for [`ddl`], [`change_log`] and [`versions`], which migrations are written with; new ones watch a table by
//! [`log_triggers`]. Nothing here knows the entities, which describe what the schema is today.

pub mod change_log;
pub mod ddl;
pub mod log_triggers;
mod new_table;
pub mod user_table;
pub mod versions;

mod m20261120_000001_create_change_log;
mod m20261120_000007_create_tokens;
mod m20261125_000001_follow_the_log;
mod m20261125_000002_create_requests;
mod m20261130_000001_guard_versions;
mod m20261130_000002_guard_the_log;
mod m20261130_000003_bound_requests;
mod m20261130_000004_accounts;

use std::{collections::BTreeSet, sync::Arc};

use sea_orm_migration::MigratorTraitSelf;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, TransactionTrait};

pub use new_table::NewTable;

/// Some migrations, oldest first.
pub type List = Vec<Box<dyn MigrationTrait>>;

/// The engine's own.
fn engine() -> List {
    vec![
        Box::new(m20261120_000001_create_change_log::Migration),
        Box::new(m20261120_000007_create_tokens::Migration),
        Box::new(m20261125_000001_follow_the_log::Migration),
        Box::new(m20261125_000002_create_requests::Migration),
        Box::new(m20261130_000001_guard_versions::Migration),
        Box::new(m20261130_000002_guard_the_log::Migration),
        Box::new(m20261130_000003_bound_requests::Migration),
        Box::new(m20261130_000004_accounts::Migration),
    ]
}

/// Migrations of the engine and of a product, in the order of their names.
#[derive(Clone)]
pub struct Migrations(Arc<[fn() -> List]>);

impl Migrations {
    /// The engine's own and a product's.
    ///
    /// # Panics
    /// If two have one name: a mistake in the program, found by its first start.
    #[must_use]
    pub fn with(product: &[fn() -> List]) -> Self {
        let migrations = Self([&[engine as fn() -> List], product].concat().into());
        let (mut names, all) = (BTreeSet::new(), migrations.migrations());
        for migration in &all {
            let name = migration.name();
            assert!(names.insert(name.to_owned()), "two migrations are called {name}");
        }
        migrations
    }
}

impl std::fmt::Debug for Migrations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = self.migrations();
        f.debug_list().entries(all.iter().map(|migration| migration.name())).finish()
    }
}

impl MigratorTraitSelf for Migrations {
    fn migrations(&self) -> List {
        let mut all: List = self.0.iter().flat_map(|list| list()).collect();
        all.sort_by(|one, other| one.name().cmp(other.name()));
        all
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
pub async fn run(db: &DatabaseConnection, migrations: &Migrations) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return migrations.up(db, None).await;
    }
    let transaction = db.begin().await?;
    let lock = format!("select pg_advisory_xact_lock({LOCK})");
    transaction.execute_unprepared(&lock).await?;
    migrations.up(&transaction, None).await?;
    transaction.commit().await
}
