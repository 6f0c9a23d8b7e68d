//! The classes of a week.

use sea_orm::entity::prelude::*;

/// A class. Its coach and its plan cannot go while it stands.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    /// Given out in order from 1.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `Monday` to `Sunday`.
    pub day: String,
    /// `"0"` to `"2359"`: hours and minutes without a colon and without leading zeros.
    pub hour: String,
    /// Who teaches it.
    pub coach_id: i64,
    /// What it works through.
    pub workout_plan_id: i64,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

/// What a class refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Who teaches it.
    #[sea_orm(
        belongs_to = "super::coach::Entity",
        from = "Column::CoachId",
        to = "super::coach::Column::Id",
        on_delete = "Restrict"
    )]
    Coach,
    /// What it works through.
    #[sea_orm(
        belongs_to = "super::workout_plan::Entity",
        from = "Column::WorkoutPlanId",
        to = "super::workout_plan::Column::Id",
        on_delete = "Restrict"
    )]
    WorkoutPlan,
}

impl Related<super::coach::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Coach.def()
    }
}

impl Related<super::workout_plan::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::WorkoutPlan.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
