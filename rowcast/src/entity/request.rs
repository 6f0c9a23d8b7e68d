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
    /// The ack, as JSON; without its data where [`collection`](Self::collection) is given.
    pub ack: String,
    /// When it was carried out, in Unix seconds.
    pub at: i64,
    /// What the digest is made of: 1, the payload as it was spelled; 2, what it meant.
    pub kind: i64,
    /// The user whose write it was, if it was anybody's.
    pub owner: Option<i64>,
    /// The client that it is counted for.
    pub source: String,
    /// Bytes that it is counted as.
    pub size: i64,
    /// The collection of the row that stands for the ack's data.
    pub collection: Option<String>,
    /// That row.
    pub row_id: Option<i64>,
}

/// Stands alone.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
