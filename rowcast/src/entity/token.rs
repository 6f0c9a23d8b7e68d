//! Where users are signed in.

use sea_orm::entity::prelude::*;

/// A token, as a hash: a copy of the database signs nobody in. It goes with its user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    /// Means nothing to clients.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// SHA-256 of the token, 64 hexadecimal digits in lower case.
    #[sea_orm(unique)]
    pub hash: String,
    /// The user that is signed in.
    pub user_id: i64,
    /// Unix seconds; from then on the token is worth nothing.
    pub expires_at: i64,
}

/// A product's table of users is not known here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
