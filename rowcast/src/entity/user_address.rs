//! Addresses from which users have signed in.

use sea_orm::entity::prelude::*;

/// An IPv4 address or IPv6 network from which a user has signed in. It is deleted with its user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rowcast_user_addresses")]
pub struct Model {
    /// The user.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// The address.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    /// The last sign-in, in Unix seconds.
    pub at: i64,
}

/// The table of users is the product's.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
