//! The classes of a week: a plan, a coach, a day and an hour.

use std::collections::{BTreeSet, HashMap};

use rowcast::{
    Collection, Transaction,
    schema::{Form, rules},
    sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter},
    validator::ValidationError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IntoDeserializer, de::value::Error as Unknown};

use super::{
    coaches::{Coaches, coach},
    workout_plans::{WorkoutPlans, workout_plan},
};

/// A day of the week.
#[derive(Deserialize, JsonSchema)]
enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Hours and minutes without a colon.
const TIME: &str = "^([0-9]|[1-5][0-9]|[1-9][0-5][0-9]|1[0-9][0-5][0-9]|2[0-3][0-5][0-9])$";
/// The same as forms send it.
const TYPED_TIME: &str = "^0*([0-9]|[1-5][0-9]|[1-9][0-5][0-9]|1[0-9][0-5][0-9]|2[0-3][0-5][0-9])$";

/// A class as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = Schedules, rows = with_details, update = r#"{"day": "Sunday", "hour": "1330"}"#)]
pub struct Schedule {
    /// Given out in order from 1.
    pub id: i64,
    /// `Monday` to `Sunday`.
    #[schemars(with = "Day")]
    #[collection(validate(custom(function = "day_of_week")), schema_with = "Day", example = "Monday")]
    pub day: String,
    /// `"0"` to `"2359"`: hours and minutes without a colon and without leading zeros.
    #[schemars(regex(pattern = TIME))]
    #[collection(
        validate(custom(function = "time_of_day")),
        schema(regex(pattern = TYPED_TIME)),
        payload = "`\"0\"` to `\"2359\"`, without leading zeros.",
        read = read_hour,
        as_number,
        example = "900"
    )]
    pub hour: String,
    /// The teacher.
    #[collection(references = Coaches, column = coach_id, payload = "The id of a coach.")]
    pub coach: CoachRef,
    /// What it works through.
    #[collection(references = WorkoutPlans, column = workout_plan_id, payload = "The id of a workout plan.")]
    pub workout_plan: WorkoutPlanRef,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

/// What a class shows of its coach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoachRef {
    /// The coach's id.
    pub id: i64,
    /// The coach's name.
    pub name: String,
}

/// What a class shows of its plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutPlanRef {
    /// The plan's id.
    pub id: i64,
    /// The plan's name.
    pub name: String,
    /// How hard the plan is.
    pub difficulty: String,
}

/// The schema's foreign keys see to it that both are there. A program that works past them costs their names alone: one row
/// that refers to nothing must not keep all others from being shown.
async fn with_details(db: &Transaction, classes: Vec<schedule::Model>) -> Result<Vec<Schedule>, DbErr> {
    let coaches: BTreeSet<i64> = classes.iter().map(|class| class.coach_id).collect();
    let plans: BTreeSet<i64> = classes.iter().map(|class| class.workout_plan_id).collect();
    let coaches = coach::Entity::find().filter(coach::Column::Id.is_in(coaches)).all(db).await?;
    let plans = workout_plan::Entity::find().filter(workout_plan::Column::Id.is_in(plans)).all(db).await?;
    let names: HashMap<i64, String> = coaches.into_iter().map(|coach| (coach.id, coach.name)).collect();
    let plans: HashMap<i64, workout_plan::Model> = plans.into_iter().map(|plan| (plan.id, plan)).collect();
    let row = |class: schedule::Model| {
        let plan = plans.get(&class.workout_plan_id);
        let (name, difficulty) =
            plan.map(|plan| (plan.name.clone(), plan.difficulty.clone())).unwrap_or_default();
        Schedule {
            id: class.id,
            day: class.day,
            hour: class.hour,
            coach: CoachRef {
                id: class.coach_id,
                name: names.get(&class.coach_id).cloned().unwrap_or_default(),
            },
            workout_plan: WorkoutPlanRef { id: class.workout_plan_id, name, difficulty },
            version: class.version,
        }
    };
    Ok(classes.into_iter().map(row).collect())
}

/// `0900` is the same hour as `900`, and must not be another one in a comparison.
fn read_hour(form: &mut Form<'_>, field: &'static str) -> String {
    let hour = form.text(field);
    match hour.trim_start_matches('0') {
        "" if !hour.is_empty() => "0".to_owned(),
        digits => digits.to_owned(),
    }
}

fn day_of_week(day: &str) -> Result<(), ValidationError> {
    let day: Result<Day, Unknown> = Day::deserialize(day.into_deserializer());
    day.map(|_| ()).map_err(|_| rules::violation("must be a day from Monday to Sunday"))
}

fn time_of_day(hour: &str) -> Result<(), ValidationError> {
    let digits = hour.bytes().all(|b| b.is_ascii_digit());
    match hour.parse::<u16>() {
        Ok(time) if digits && time < 2400 && time % 100 < 60 => Ok(()),
        _ => Err(rules::violation("must be a time from 0 to 2359, like 900 or 1330")),
    }
}
