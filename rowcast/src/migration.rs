//! Migrations of the database schema.
//!
//! ```text
//! run ─▶ [ lock │ m…_000001 │ m…_000002 │ … ] ─▶ all of them, or none
//! ```
//!
//! The migrations of the engine and of the product are merged by name. A database without tables of the engine gets them
//! at once, as `fresh` has them.
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
mod m20261203_000001_accounts;
mod m20261204_000001_user_keys;

use std::{collections::BTreeSet, sync::Arc};

use sea_orm_migration::MigratorTraitSelf;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, TransactionTrait};

use crate::attach;

pub use new_table::NewTable;

/// The tables of the engine's migrations, and the one that records applied migrations.
pub(crate) const ENGINE_TABLES: [&str; 18] = [
    ACCOUNTS,
    "rowcast_attachment",
    "rowcast_change_log",
    "rowcast_change_log_digest",
    "rowcast_change_log_marks",
    ENGINE_MARKER,
    CHOICE,
    "rowcast_clock",
    "rowcast_commits",
    "rowcast_epochs",
    applied::TABLE,
    PROJECT_MIGRATIONS,
    "rowcast_requests",
    "rowcast_runs",
    "rowcast_tokens",
    "rowcast_user_addresses",
    "rowcast_user_keys",
    "rowcast_version_holds",
];

/// The names of the tables that the migrations create beside the tables of others.
pub(crate) fn created_beside_others(backend: DbBackend) -> Vec<&'static str> {
    let later = [PROJECT_MIGRATIONS, CHOICE, "rowcast_attachment"];
    let elsewhere: &[&str] = match backend {
        DbBackend::Postgres => &["rowcast_version_holds"],
        _ => &["rowcast_commits", "rowcast_runs"],
    };
    let is_created = |name: &&str| !later.contains(name) && !elsewhere.contains(name);
    ENGINE_TABLES.into_iter().filter(is_created).collect()
}

/// The table that distinguishes the engine's schema from others with tables of the same names.
pub(crate) const ENGINE_MARKER: &str = "rowcast_change_log_state";

/// The engine's own table of accounts.
pub(crate) use m20261203_000001_accounts::TABLE as ACCOUNTS;

/// The table that records the choice of an attached database, if there is one.
pub(crate) const CHOICE: &str = "rowcast_choice";

/// The table that records the migrations of a project without Rust.
pub(crate) const PROJECT_MIGRATIONS: &str = "rowcast_project_migrations";

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

/// The migrations for a database whose other tables were not made by migrations of a product. Its users may be accounts
/// of the engine.
fn beside_others() -> List {
    vec![Box::new(m20261203_000001_accounts::Migration), Box::new(m20261204_000001_user_keys::Migration)]
}

/// The migrations of the engine and of a product, ordered by name.
#[derive(Clone)]
pub struct Migrations {
    lists: Arc<[fn() -> List]>,
    /// Whether the engine's tables stand beside those of others: in a schema of their own on PostgreSQL.
    beside_others: bool,
}

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
        let lists = [&[engine as fn() -> List], product].concat().into();
        let migrations = Self { lists, beside_others: false };
        let (mut names, all) = (BTreeSet::new(), migrations.migrations());
        for migration in &all {
            let name = migration.name();
            if !names.insert(name.to_owned()) {
                return Err(format!("two migrations are called {name}"));
            }
        }
        Ok(migrations)
    }

    /// The same in a database whose other tables were not made by migrations of a product: see [`crate::attach`].
    pub(crate) fn beside_others(self) -> Self {
        Self { beside_others: true, ..self }
    }

    /// Prepares a place for the engine's tables beside those of others.
    async fn prepare(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        if !self.beside_others {
            return Ok(());
        }
        let refused = |error: crate::Error| DbErr::Migration(error.to_string());
        let installed = attach::Installed::read(db).await.map_err(refused)?;
        if let [first, ..] = installed.conflicts() {
            return Err(DbErr::Migration(first.clone()));
        }
        attach::execute(db, &attach::prepare(&installed)).await.map_err(refused)?;
        if db.get_database_backend() == DbBackend::Postgres {
            db.execute_unprepared(attach::CREATE_IN_SCHEMA).await?;
        }
        Ok(())
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
        self.lists.iter().skip(1).any(|list| !list().is_empty())
    }
}

impl MigratorTraitSelf for Migrations {
    fn migration_table_name(&self) -> DynIden {
        Alias::new(applied::TABLE).into_iden()
    }

    fn migrations(&self) -> List {
        let mut all: List = self.lists.iter().flat_map(|list| list()).collect();
        if self.beside_others {
            all.extend(beside_others());
        }
        all.sort_by(|one, other| one.name().cmp(other.name()));
        all
    }
}

/// The advisory lock held on PostgreSQL while migrating (`rowcast` in ASCII).
pub(crate) const ADVISORY_LOCK: i64 = 0x72_6f77_6361_7374;

/// Applies all pending migrations, or none.
///
/// On PostgreSQL this is one transaction under a lock, so several servers may start concurrently. On SQLite the caller
/// must use a single connection and begin and commit the transaction.
///
/// # Errors
/// [`DbErr`] if a statement fails, or if a newer program has applied further migrations.
pub async fn run(db: &DatabaseConnection, migrations: &Migrations) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        migrations.prepare(db).await?;
        applied::prepare(&SchemaManager::new(db), migrations).await?;
        return migrations.up(db, None).await;
    }
    let transaction = db.begin().await?;
    let lock = format!("select pg_advisory_xact_lock({ADVISORY_LOCK})");
    transaction.execute_unprepared(&lock).await?;
    migrations.prepare(&transaction).await?;
    applied::prepare(&SchemaManager::new(&transaction), migrations).await?;
    migrations.up(&transaction, None).await?;
    transaction.commit().await
}
