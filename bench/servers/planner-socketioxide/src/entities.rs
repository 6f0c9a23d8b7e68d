//! The planner's tables, and the rows that are read off them.

/// The teachers of classes.
pub mod coach {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "coaches")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub age: i32,
        pub picture: String,
        pub username: Option<String>,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a workout is made of.
pub mod exercise_move {
    use sea_orm::entity::prelude::*;
    use serde::Serialize;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "exercise_moves")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub focus: String,
        pub description: String,
        pub video_link: String,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a class works through.
pub mod workout_plan {
    use sea_orm::entity::prelude::*;

    use super::{exercise_move, workout_plan_move};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "workout_plans")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub difficulty: String,
        pub description: String,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl Related<exercise_move::Entity> for Entity {
        fn to() -> RelationDef {
            workout_plan_move::Relation::ExerciseMove.def()
        }

        fn via() -> Option<RelationDef> {
            Some(workout_plan_move::Relation::WorkoutPlan.def().rev())
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which move comes when in a workout plan.
pub mod workout_plan_move {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "workout_plan_moves")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub workout_plan_id: i32,
        pub exercise_move_id: i32,
        pub position: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::workout_plan::Entity",
            from = "Column::WorkoutPlanId",
            to = "super::workout_plan::Column::Id"
        )]
        WorkoutPlan,
        #[sea_orm(
            belongs_to = "super::exercise_move::Entity",
            from = "Column::ExerciseMoveId",
            to = "super::exercise_move::Column::Id"
        )]
        ExerciseMove,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The classes of a week.
pub mod schedule {
    use sea_orm::entity::prelude::*;

    use super::{coach, workout_plan};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "schedules")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub day: String,
        pub hour: String,
        pub coach_id: i32,
        pub workout_plan_id: i32,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::coach::Entity",
            from = "Column::CoachId",
            to = "super::coach::Column::Id"
        )]
        Coach,
        #[sea_orm(
            belongs_to = "super::workout_plan::Entity",
            from = "Column::WorkoutPlanId",
            to = "super::workout_plan::Column::Id"
        )]
        WorkoutPlan,
    }

    impl Related<coach::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Coach.def()
        }
    }

    impl Related<workout_plan::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::WorkoutPlan.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}
