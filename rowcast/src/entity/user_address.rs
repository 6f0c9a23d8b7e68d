//! From where users have signed in.

use sea_orm::entity::prelude::*;

/// An address from which a user has signed in; of IPv6, a network. It goes with its user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_addresses")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// The address.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    /// Unix seconds of the last time.
    pub at: i64,
}

/// A product's table of users is not known here.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
