//! Where coaches are signed in.

use sea_orm::entity::prelude::*;

/// A token, as a hash: who reads the database still cannot sign in. It goes with its coach.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    /// Means nothing to clients.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// SHA-256 of the token, 64 hexadecimal digits in lower case.
    #[sea_orm(unique)]
    pub hash: String,
    /// Who is signed in.
    pub coach_id: i64,
    /// Unix seconds; from then on the token is worth nothing.
    pub expires_at: i64,
}

/// What a token refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who is signed in.
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
