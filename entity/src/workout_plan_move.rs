//! Which move comes when in a workout plan. A move may come more than once.

use sea_orm::entity::prelude::*;

/// One place in a workout plan. It goes with its plan; a move that stands in a plan stays.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workout_plan_moves")]
pub struct Model {
    /// Means nothing to clients.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose place it is.
    pub workout_plan_id: i64,
    /// What is done there.
    pub exercise_move_id: i64,
    /// From 0; each number once in a plan.
    pub position: i64,
}

/// What a place refers to.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Whose place it is.
    #[sea_orm(
        belongs_to = "super::workout_plan::Entity",
        from = "Column::WorkoutPlanId",
        to = "super::workout_plan::Column::Id",
        on_delete = "Cascade"
    )]
    WorkoutPlan,
    /// What is done there.
    #[sea_orm(
        belongs_to = "super::exercise_move::Entity",
        from = "Column::ExerciseMoveId",
        to = "super::exercise_move::Column::Id",
        on_delete = "Restrict"
    )]
    ExerciseMove,
}

impl Related<super::workout_plan::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::WorkoutPlan.def()
    }
}

impl Related<super::exercise_move::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::ExerciseMove.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
