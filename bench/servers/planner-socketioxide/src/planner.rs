//! The planner's collections, read whole, and the one write that is measured.

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ExprTrait, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::entities::{coach, exercise_move, schedule, workout_plan, workout_plan_move};

/// A workout plan as it is sent.
#[derive(Serialize)]
pub struct WorkoutPlan {
    id: i32,
    name: String,
    difficulty: String,
    description: String,
    exercise_moves: Vec<exercise_move::Model>,
    version: i32,
}

/// A schedule as it is sent.
#[derive(Serialize)]
pub struct Schedule {
    id: i32,
    day: String,
    hour: String,
    coach: Option<CoachDetail>,
    workout_plan: Option<PlanDetail>,
    version: i32,
}

#[derive(Serialize)]
struct CoachDetail {
    id: i32,
    name: String,
}

#[derive(Serialize)]
struct PlanDetail {
    id: i32,
    name: String,
    difficulty: String,
}

pub async fn coaches(db: &DatabaseConnection) -> Result<Vec<coach::Model>, DbErr> {
    coach::Entity::find().order_by_asc(coach::Column::Id).all(db).await
}

pub async fn exercise_moves(db: &DatabaseConnection) -> Result<Vec<exercise_move::Model>, DbErr> {
    exercise_move::Entity::find().order_by_asc(exercise_move::Column::Id).all(db).await
}

pub async fn workout_plans(db: &DatabaseConnection) -> Result<Vec<WorkoutPlan>, DbErr> {
    let plans = workout_plan::Entity::find()
        .find_with_related(exercise_move::Entity)
        .order_by_asc(workout_plan::Column::Id)
        .order_by_asc(workout_plan_move::Column::Position)
        .all(db)
        .await?;
    let row = |(plan, exercise_moves): (workout_plan::Model, _)| WorkoutPlan {
        id: plan.id,
        name: plan.name,
        difficulty: plan.difficulty,
        description: plan.description,
        exercise_moves,
        version: plan.version,
    };
    Ok(plans.into_iter().map(row).collect())
}

pub async fn schedules(db: &DatabaseConnection) -> Result<Vec<Schedule>, DbErr> {
    let schedules = schedule::Entity::find()
        .find_also_related(coach::Entity)
        .find_also_related(workout_plan::Entity)
        .order_by_asc(schedule::Column::Id)
        .all(db)
        .await?;
    let row = |(schedule, coach, plan): (schedule::Model, Option<coach::Model>, Option<_>)| Schedule {
        id: schedule.id,
        day: schedule.day,
        hour: schedule.hour,
        coach: coach.map(|coach| CoachDetail { id: coach.id, name: coach.name }),
        workout_plan: plan.map(|plan: workout_plan::Model| PlanDetail {
            id: plan.id,
            name: plan.name,
            difficulty: plan.difficulty,
        }),
        version: schedule.version,
    };
    Ok(schedules.into_iter().map(row).collect())
}

/// What `update_coach` is sent.
#[derive(Deserialize)]
pub struct Coach {
    id: i32,
    name: String,
    age: i32,
    picture: String,
    username: Option<String>,
}

impl Coach {
    /// The field that breaks a rule, and which.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        if !(2..=40).contains(&self.name.chars().count()) {
            Some(("name", "must be 2 to 40 characters long"))
        } else if !(18..=120).contains(&self.age) {
            Some(("age", "must be from 18 to 120"))
        } else if !self.picture.starts_with("http") {
            Some(("picture", "must be an http or https address"))
        } else {
            None
        }
    }

    /// Writes it, and gives the row as it stands then; none if there is none.
    pub async fn update(self, db: &DatabaseConnection) -> Result<Option<coach::Model>, DbErr> {
        let fields = coach::ActiveModel {
            name: Set(self.name),
            age: Set(self.age),
            picture: Set(self.picture),
            username: Set(self.username),
            ..Default::default()
        };
        let rows = coach::Entity::update_many()
            .set(fields)
            .col_expr(coach::Column::Version, Expr::col(coach::Column::Version).add(1))
            .filter(coach::Column::Id.eq(self.id))
            .exec_with_returning(db)
            .await?;
        Ok(rows.into_iter().next())
    }
}
