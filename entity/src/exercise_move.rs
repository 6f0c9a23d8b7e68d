//! What a workout is made of.

use sea_orm::entity::prelude::*;

/// An exercise move.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exercise_moves")]
pub struct Model {
    /// Given out in order from 1.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What it trains.
    pub focus: String,
    /// How it is done.
    #[sea_orm(column_type = "Text")]
    pub description: String,
    /// Address of a film that shows it.
    #[sea_orm(column_type = "Text")]
    pub video_link: String,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

/// What refers to an exercise move.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Its places in workout plans.
    #[sea_orm(has_many = "super::workout_plan_move::Entity")]
    WorkoutPlanMoves,
}

impl Related<super::workout_plan_move::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::WorkoutPlanMoves.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
