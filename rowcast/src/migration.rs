//! Migrations of the database schema.
//!
//! ```text
//! run ─▶ [ lock │ m…_000001 │ m…_000002 │ … ] ─▶ all of them, or none
//! ```
//!
//! The migrations of the engine and of the product are merged by name. A database without tables of the engine gets them
//! at once, as [`fresh`] has them.
//!
//! A released migration is frozen, because databases exist to which it has been applied. A change needs a new
//! migration. The same holds for [`ddl`], [`change_log`] and [`versions`], which migrations use; new migrations create
//! change log triggers by [`log_triggers`]. Migrations do not use entities, which describe the current schema.

mod applied;
pub mod change_log;
pub mod ddl;
mod fresh;
pub mod log_triggers;
mod names;
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
mod m20261202_000001_prefix_tables;

use std::{collections::BTreeSet, sync::Arc};

use sea_orm_migration::MigratorTraitSelf;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend, TransactionTrait};

pub use new_table::NewTable;

/// The tables of the engine's migrations, and the one that records applied migrations.
pub(crate) const ENGINE_TABLES: [&str; 13] = [
    "rowcast_change_log",
    "rowcast_change_log_digest",
    "rowcast_change_log_marks",
    ENGINE_MARKER,
    "rowcast_clock",
    "rowcast_commits",
    "rowcast_epochs",
    applied::TABLE,
    "rowcast_requests",
    "rowcast_runs",
    "rowcast_tokens",
    "rowcast_user_addresses",
    "rowcast_version_holds",
];
/// The table that distinguishes the engine's schema from others with tables of the same names.
pub(crate) const ENGINE_MARKER: &str = "rowcast_change_log_state";

/// Migrations, oldest first.
pub type List = Vec<Box<dyn MigrationTrait>>;

/// The engine's migrations.
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
        Box::new(m20261202_000001_prefix_tables::Migration),
    ]
}

/// The migrations of the engine and of a product, ordered by name.
#[derive(Clone)]
pub struct Migrations(Arc<[fn() -> List]>);

impl Migrations {
    /// Merges the engine's migrations and a product's.
    ///
    /// # Panics
    /// If two migrations have the same name.
    #[must_use]
    pub fn with(product: &[fn() -> List]) -> Self {
        Self::try_with(product).unwrap_or_else(|mistake| panic!("{mistake}"))
    }

    /// Merges the engine's migrations and a product's.
    ///
    /// # Errors
    /// A sentence, if two migrations have the same name.
    pub fn try_with(product: &[fn() -> List]) -> Result<Self, String> {
        let migrations = Self([&[engine as fn() -> List], product].concat().into());
        let (mut names, all) = (BTreeSet::new(), migrations.migrations());
        for migration in &all {
            let name = migration.name();
            if !names.insert(name.to_owned()) {
                return Err(format!("two migrations are called {name}"));
            }
        }
        Ok(migrations)
    }
}

impl std::fmt::Debug for Migrations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = self.migrations();
        f.debug_list().entries(all.iter().map(|migration| migration.name())).finish()
    }
}

impl Migrations {
    /// Whether a product has migrations.
    fn has_product(&self) -> bool {
        self.0.iter().skip(1).any(|list| !list().is_empty())
    }
}

impl MigratorTraitSelf for Migrations {
    fn migration_table_name(&self) -> DynIden {
        Alias::new(applied::TABLE).into_iden()
    }

    fn migrations(&self) -> List {
        let mut all: List = self.0.iter().flat_map(|list| list()).collect();
        all.sort_by(|one, other| one.name().cmp(other.name()));
        all
    }
}

/// The advisory lock held on PostgreSQL while migrating (`rowcast` in ASCII).
const ADVISORY_LOCK: i64 = 0x72_6f77_6361_7374;

/// Applies all pending migrations, or none.
///
/// On PostgreSQL this is one transaction under a lock, so several servers may start concurrently. On SQLite the caller
/// must use a single connection and begin and commit the transaction.
///
/// # Errors
/// [`DbErr`] if a statement fails, or if a newer program has applied further migrations.
pub async fn run(db: &DatabaseConnection, migrations: &Migrations) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        applied::prepare(&SchemaManager::new(db), migrations).await?;
        return migrations.up(db, None).await;
    }
    let transaction = db.begin().await?;
    let lock = format!("select pg_advisory_xact_lock({ADVISORY_LOCK})");
    transaction.execute_unprepared(&lock).await?;
    applied::prepare(&SchemaManager::new(&transaction), migrations).await?;
    migrations.up(&transaction, None).await?;
    transaction.commit().await
}
