//! Stored acks of writes, by request id.

use sea_orm::entity::prelude::*;

/// The stored ack of a write.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rowcast_requests")]
pub struct Model {
    /// A UUID in lower case, with hyphens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// SHA-256 of the event and its payload, 64 hexadecimal digits in lower case.
    pub digest: String,
    /// The ack, as JSON; without its data if [`collection`](Self::collection) is set.
    pub ack: String,
    /// The time of the write, in Unix seconds.
    pub at: i64,
    /// The input of the digest: 1, the payload's text; 2, the decoded payload.
    pub kind: i64,
    /// The user of the write; null if none was signed in.
    pub owner: Option<i64>,
    /// The client whose quota it uses.
    pub source: String,
    /// The bytes that it uses of the quota.
    pub size: i64,
    /// The collection of the row that replaces the ack's data.
    pub collection: Option<String>,
    /// The key of that row, if it is a number.
    pub row_id: Option<i64>,
    /// Any other key of that row, as a JSON array.
    pub row_key: Option<String>,
}

/// There are no relations.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
