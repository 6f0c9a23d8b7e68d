//! What triggers wrote about every change, in the writer's own transaction.
//!
//! On PostgreSQL the table also has a `txid`, which only the reader of the log looks at, in SQL of its own.

use sea_orm::entity::prelude::*;

/// That a row was created, updated or deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change_log")]
pub struct Model {
    /// Given out before the commit, so on PostgreSQL it is not the order of commits.
    #[sea_orm(primary_key)]
    pub seq: i64,
    /// The table's name.
    pub collection: String,
    /// Which row of it; it may be gone by now.
    pub row_id: i64,
}

/// A log refers to nothing: the rows may be gone.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
