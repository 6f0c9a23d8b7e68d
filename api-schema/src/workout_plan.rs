//! What a class works through.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

use rowcast_schema::{Form, Payload, Ref, rules};

use crate::ExerciseMove;

/// The most moves that a plan may have.
const MOST_MOVES: usize = 100;

/// A workout plan as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutPlan {
    /// Given out in order from 1.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// How hard it is, in words.
    pub difficulty: String,
    /// What to expect.
    pub description: String,
    /// Its moves, in the order they are done; one may come more than once.
    pub exercise_moves: Vec<ExerciseMove>,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

/// A workout plan to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
pub struct NewWorkoutPlan {
    /// 2 to 40 characters.
    #[validate(length(min = 2, max = 40))]
    pub name: String,
    /// 2 to 20 characters.
    #[validate(length(min = 2, max = 20))]
    pub difficulty: String,
    /// 10 to 300 characters.
    #[validate(length(min = 10, max = 300))]
    pub description: String,
    /// 1 to 100 ids, in order; repeats are kept.
    #[validate(custom(function = "moves"))]
    #[schemars(with = "Vec<Ref>", length(min = 1, max = MOST_MOVES), extend("x-collection" = "exercise_moves"))]
    pub exercise_moves: Vec<i64>,
}

impl Payload for NewWorkoutPlan {
    const NOUN: &'static str = "a workout plan";
    const EXAMPLE: &'static str = r#"{"name": "Early bird", "difficulty": "easy", "description": "Wakes up every muscle.", "exercise_moves": [{"id": 1}, {"id": 1}]}"#;

    fn read(form: &mut Form<'_>) -> Self {
        form.ignore(&["id", "version"]);
        Self {
            name: form.text("name"),
            difficulty: form.text("difficulty"),
            description: form.text("description"),
            exercise_moves: form.references("exercise_moves"),
        }
    }
}

/// What is to change about a workout plan; what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
pub struct UpdateWorkoutPlan {
    /// Which.
    pub id: i64,
    /// The version that the client saw; checked if present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// 2 to 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 2, max = 40))]
    pub name: Option<String>,
    /// 2 to 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 2, max = 20))]
    pub difficulty: Option<String>,
    /// 10 to 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 10, max = 300))]
    pub description: Option<String>,
    /// 1 to 100 ids, in order, in place of all that were there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "moves"))]
    #[schemars(with = "Option<Vec<Ref>>", length(min = 1, max = MOST_MOVES), extend("x-collection" = "exercise_moves"))]
    pub exercise_moves: Option<Vec<i64>>,
}

impl Payload for UpdateWorkoutPlan {
    const NOUN: &'static str = "a workout plan";
    const EXAMPLE: &'static str = r#"{"difficulty": "hard", "exercise_moves": [{"id": 1}]}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self {
            id: form.id(),
            version: form.version(),
            name: form.changed("name", Form::text),
            difficulty: form.changed("difficulty", Form::text),
            description: form.changed("description", Form::text),
            exercise_moves: form.changed("exercise_moves", Form::references),
        }
    }
}

fn moves(ids: &[i64]) -> Result<(), ValidationError> {
    match ids.len() {
        0 => Err(rules::broken("must name at least one move")),
        1..=MOST_MOVES => Ok(()),
        _ => Err(rules::broken("must name at most 100 moves")),
    }
}
