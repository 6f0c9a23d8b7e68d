//! What is done in a class: the building blocks of workout plans.

use rowcast::{Collection, schema::rules};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An exercise move as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = ExerciseMoves, update = r#"{"focus": "core and back"}"#)]
pub struct ExerciseMove {
    /// Given out in order from 1.
    pub id: i64,
    /// What it is called.
    #[collection(validate(length(min = 2, max = 30)), payload = "2 to 30 characters.", example = "Plank")]
    pub name: String,
    /// What it trains.
    #[collection(validate(length(min = 2, max = 30)), payload = "2 to 30 characters.", example = "core")]
    pub focus: String,
    /// How it is done.
    #[collection(
        validate(length(min = 10, max = 500)),
        payload = "10 to 500 characters.",
        example = "Hold a straight line from head to heels."
    )]
    pub description: String,
    /// Address of a film that shows it.
    #[collection(
        validate(length(max = "rules::MAX_URL_LEN"), custom(function = "rules::http_url")),
        schema(regex(pattern = rules::HTTP_URL_PATTERN)),
        payload = "An http or https address.",
        example = "https://example.com/plank.mp4"
    )]
    pub video_link: String,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

impl From<exercise_move::Model> for ExerciseMove {
    fn from(model: exercise_move::Model) -> Self {
        let exercise_move::Model { id, name, focus, description, video_link, version } = model;
        Self { id, name, focus, description, video_link, version }
    }
}
