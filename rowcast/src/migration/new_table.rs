//! A migration that makes one table, in one expression.

use sea_orm_migration::prelude::*;

use super::{ddl, log_triggers, user_table, versions};

/// Makes a table, and the triggers by which its changes are logged and its versions move.
pub struct NewTable {
    name: &'static str,
    table: &'static str,
    sql: &'static str,
    username: Option<&'static str>,
    /// The table that its rows are a part of, and the column that refers to it.
    parent: Option<(&'static str, &'static str)>,
}

impl NewTable {
    /// A migration of this name, such as `m20261201_000001_gyms`, that makes a collection's table. The statement is written as
    /// [`ddl`] spells types; the table has the columns `id` and `version`.
    #[must_use]
    pub fn new(name: &'static str, table: &'static str, sql: &'static str) -> Self {
        Self { name, table, sql, username: None, parent: None }
    }

    /// Its rows sign in, by this column.
    #[must_use]
    pub fn users(self, username: &'static str) -> Self {
        Self { username: Some(username), ..self }
    }

    /// It is no collection: its rows are a part of those of another one, to which this column refers. The table needs no
    /// `version`.
    #[must_use]
    pub fn part_of(self, collection: &'static str, column: &'static str) -> Self {
        Self { parent: Some((collection, column)), ..self }
    }

    /// The migration, for a product's list.
    #[must_use]
    pub fn boxed(self) -> Box<dyn MigrationTrait> {
        Box::new(self)
    }
}

impl MigrationName for NewTable {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for NewTable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.make(manager).await.map_err(|error| match error {
            DbErr::Exec(_) | DbErr::Query(_) | DbErr::Migration(_) => {
                DbErr::Migration(format!("the migration {} failed: {}", self.name, sentence(&error)))
            }
            connection => connection,
        })
    }
}

impl NewTable {
    async fn make(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        if self.name < NEEDED {
            return Err(DbErr::Migration(format!(
                "its name sorts before {NEEDED}, which it needs: begin it with m and a date, like m20261201_000001_{}",
                self.table
            )));
        }
        ddl::execute(manager, &[self.sql]).await?;
        match self.parent {
            Some((collection, column)) => {
                log_triggers::track_changes_of(manager, self.table, collection, column).await?;
                versions::guard_join_table(manager, self.table, collection, column).await?;
            }
            None => {
                log_triggers::track_changes(manager, self.table).await?;
                versions::guard(manager, self.table).await?;
            }
        }
        match self.username {
            Some(username) => user_table::prepare(manager, self.table, username).await,
            None => Ok(()),
        }
    }
}

/// The newest migration of the engine that a new table needs.
const NEEDED: &str = "m20261130_000004_accounts";

/// The error without the name of its kind, if it has a sentence.
fn sentence(error: &DbErr) -> String {
    match error {
        DbErr::Migration(sentence) => sentence.clone(),
        error => error.to_string(),
    }
}
