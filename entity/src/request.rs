//! Which writes have been carried out, by the ids their clients gave them.

use sea_orm::entity::prelude::*;

/// A write that will not be carried out again.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "requests")]
pub struct Model {
    /// A UUID in lower case, with hyphens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// SHA-256 of the event and its payload, 64 hexadecimal digits in lower case.
    pub digest: String,
    /// The ack, as JSON.
    pub ack: String,
    /// When it was carried out, in Unix seconds.
    pub at: i64,
}

/// Stands alone.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
