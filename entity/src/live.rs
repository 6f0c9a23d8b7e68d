//! Which life of the database this is: one row, with id 1.

use sea_orm::entity::prelude::*;

/// The database's own name among its copies.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "live")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// A random UUID. A cursor of another epoch means nothing here.
    pub epoch: String,
}

/// Stands alone.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
