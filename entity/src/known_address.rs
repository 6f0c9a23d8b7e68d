//! From where coaches have signed in.

use sea_orm::entity::prelude::*;

/// An address from which a coach has signed in; of IPv6, a network. It goes with its coach.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "known_addresses")]
pub struct Model {
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub coach_id: i64,
    /// From where.
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    /// Unix seconds of the last time.
    pub at: i64,
}

/// What an address refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who has signed in.
    #[sea_orm(
        belongs_to = "super::coach::Entity",
        from = "Column::CoachId",
        to = "super::coach::Column::Id",
        on_delete = "Cascade"
    )]
    Coach,
}

impl Related<super::coach::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Coach.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
