//! The classes of a week.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::IntoDeserializer, de::value::Error as Unknown};
use validator::{Validate, ValidationError};

use rowcast_schema::{Form, Payload, Ref, rules};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Schedule {
    /// Given out in order from 1.
    pub id: i64,
    /// `Monday` to `Sunday`.
    #[schemars(with = "Day")]
    pub day: String,
    /// `"0"` to `"2359"`: hours and minutes without a colon and without leading zeros.
    #[schemars(regex(pattern = TIME))]
    pub hour: String,
    /// Who teaches it.
    pub coach: CoachRef,
    /// What it works through.
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

/// A class to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
pub struct NewSchedule {
    /// `Monday` to `Sunday`.
    #[validate(custom(function = "day_of_week"))]
    #[schemars(with = "Day")]
    pub day: String,
    /// `"0"` to `"2359"`, without leading zeros.
    #[validate(custom(function = "time_of_day"))]
    #[schemars(regex(pattern = TYPED_TIME))]
    pub hour: String,
    /// The id of a coach.
    #[schemars(with = "Ref", extend("x-collection" = "coaches"))]
    pub coach: i64,
    /// The id of a workout plan.
    #[schemars(with = "Ref", extend("x-collection" = "workout_plans"))]
    pub workout_plan: i64,
}

impl Payload for NewSchedule {
    const NOUN: &'static str = "a schedule";
    const EXAMPLE: &'static str =
        r#"{"day": "Monday", "hour": "900", "coach": {"id": 1}, "workout_plan": {"id": 1}}"#;

    fn read(form: &mut Form<'_>) -> Self {
        form.ignore(&["id", "version"]);
        Self {
            day: form.text("day"),
            hour: read_hour(form, "hour"),
            coach: form.reference("coach"),
            workout_plan: form.reference("workout_plan"),
        }
    }
}

/// What is to change about a class; what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
pub struct UpdateSchedule {
    /// Which.
    pub id: i64,
    /// The version that the client saw; checked if present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// `Monday` to `Sunday`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "day_of_week"))]
    #[schemars(with = "Option<Day>")]
    pub day: Option<String>,
    /// `"0"` to `"2359"`, without leading zeros.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "time_of_day"))]
    #[schemars(regex(pattern = TYPED_TIME))]
    pub hour: Option<String>,
    /// The id of a coach.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Ref>", extend("x-collection" = "coaches"))]
    pub coach: Option<i64>,
    /// The id of a workout plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Ref>", extend("x-collection" = "workout_plans"))]
    pub workout_plan: Option<i64>,
}

impl Payload for UpdateSchedule {
    const NOUN: &'static str = "a schedule";
    const EXAMPLE: &'static str = r#"{"day": "Sunday", "hour": "1330"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self {
            id: form.id(),
            version: form.version(),
            day: form.changed("day", Form::text),
            hour: form.changed("hour", read_hour),
            coach: form.changed("coach", Form::reference),
            workout_plan: form.changed("workout_plan", Form::reference),
        }
    }
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
    day.map(|_| ()).map_err(|_| rules::broken("must be a day from Monday to Sunday"))
}

fn time_of_day(hour: &str) -> Result<(), ValidationError> {
    let digits = hour.bytes().all(|b| b.is_ascii_digit());
    match hour.parse::<u16>() {
        Ok(time) if digits && time < 2400 && time % 100 < 60 => Ok(()),
        _ => Err(rules::broken("must be a time from 0 to 2359, like 900 or 1330")),
    }
}
