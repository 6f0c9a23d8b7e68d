//! What a class works through.

use sea_orm::entity::prelude::*;

/// A workout plan. Its moves stand in [`super::workout_plan_move`].
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workout_plans")]
pub struct Model {
    /// Given out in order from 1.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// How hard it is, in words.
    pub difficulty: String,
    /// What to expect.
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// Another one whenever the plan or its moves change; grows by one with each update made here.
    pub version: i64,
}

// No many-to-many relation to the moves: its loader would lose their order.
/// What refers to a workout plan.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its moves, in their places.
    #[sea_orm(has_many = "super::workout_plan_move::Entity")]
    WorkoutPlanMoves,
    /// The classes that follow it.
    #[sea_orm(has_many = "super::schedule::Entity")]
    Schedules,
}

impl Related<super::workout_plan_move::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::WorkoutPlanMoves.def()
    }
}

impl Related<super::schedule::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Schedules.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
