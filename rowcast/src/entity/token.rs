//! Tokens of signed-in users.

use sea_orm::entity::prelude::*;

/// A token, stored as a hash, so that a copy of the database grants no access. It is deleted with its user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rowcast_tokens")]
pub struct Model {
    /// An internal id.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// SHA-256 of the token, 64 hexadecimal digits in lower case.
    #[sea_orm(unique)]
    pub hash: String,
    /// The user.
    pub user_id: i64,
    /// The time in Unix seconds from which on the token is invalid.
    pub expires_at: i64,
}

/// The table of users is the product's.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
