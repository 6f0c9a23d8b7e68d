//! Classes: who teaches which plan, on which day, at what hour.

use api_schema::{CoachRef, NewSchedule, Schedule, UpdateSchedule, WorkoutPlanRef};
use entity::{
    coach,
    schedule::{ActiveModel, Column, Entity, Model},
    workout_plan,
};
use sea_orm::{DbErr, LoaderTrait, Set};

use super::{Coaches, WorkoutPlans};
use rowcast::{
    collection::{Collection, Comparison, Draft, Edit, Nested, given},
    database::Transaction,
};

/// Classes: who teaches which plan, on which day, at what hour.
pub struct Schedules;

impl Collection for Schedules {
    type Entity = Entity;
    type Row = Schedule;
    type New = NewSchedule;
    type Update = UpdateSchedule;

    const NAME: &'static str = "schedule";
    const PLURAL: &'static str = "schedules";
    const ID: Column = Column::Id;
    const VERSION: Column = Column::Version;
    const COLUMNS: &'static [(&'static str, Column)] = &[
        ("day", Column::Day),
        ("hour", Column::Hour),
        ("coach", Column::CoachId),
        ("workout_plan", Column::WorkoutPlanId),
    ];
    const COMPARED: &'static [(&'static str, Comparison)] = &[("hour", Comparison::AsNumber)];
    const NESTS: &'static [Nested] = &[
        Nested { collection: Coaches::PLURAL, table: "schedules", row: "id", shows: "coach_id" },
        Nested { collection: WorkoutPlans::PLURAL, table: "schedules", row: "id", shows: "workout_plan_id" },
    ];

    fn create(new: NewSchedule) -> Draft<ActiveModel> {
        Draft::new(ActiveModel {
            day: Set(new.day),
            hour: Set(new.hour),
            coach_id: Set(new.coach),
            workout_plan_id: Set(new.workout_plan),
            ..Default::default()
        })
        .refers::<Coaches>("coach.id", Some(new.coach))
        .refers::<WorkoutPlans>("workout_plan.id", Some(new.workout_plan))
    }

    fn update(update: UpdateSchedule) -> Edit<ActiveModel> {
        let draft = Draft::new(ActiveModel {
            day: given(update.day),
            hour: given(update.hour),
            coach_id: given(update.coach),
            workout_plan_id: given(update.workout_plan),
            ..Default::default()
        })
        .refers::<Coaches>("coach.id", update.coach)
        .refers::<WorkoutPlans>("workout_plan.id", update.workout_plan);
        Edit { id: update.id, version: update.version, draft }
    }

    async fn rows(db: &Transaction, models: Vec<Model>) -> Result<Vec<Schedule>, DbErr> {
        let coaches = models.load_one(coach::Entity, db).await?;
        let plans = models.load_one(workout_plan::Entity, db).await?;
        let nested = models.into_iter().zip(coaches.into_iter().zip(plans));
        Ok(nested.map(|(model, (coach, plan))| row(model, coach, plan)).collect())
    }
}

/// The schema's foreign keys see to it that both are there. A program that works past them costs their names alone: one row
/// that refers to nothing must not keep all others from being shown.
fn row(model: Model, coach: Option<coach::Model>, plan: Option<workout_plan::Model>) -> Schedule {
    let (name, difficulty) =
        plan.map_or_else(|| (String::new(), String::new()), |plan| (plan.name, plan.difficulty));
    Schedule {
        id: model.id,
        day: model.day,
        hour: model.hour,
        coach: CoachRef { id: model.coach_id, name: coach.map(|coach| coach.name).unwrap_or_default() },
        workout_plan: WorkoutPlanRef { id: model.workout_plan_id, name, difficulty },
        version: model.version,
    }
}
