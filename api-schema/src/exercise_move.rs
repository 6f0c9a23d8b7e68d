//! What a workout is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use rowcast_schema::{Form, Payload, rules};

/// An exercise move as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExerciseMove {
    /// Given out in order from 1.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// What it trains.
    pub focus: String,
    /// How it is done.
    pub description: String,
    /// Address of a film that shows it.
    pub video_link: String,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

/// An exercise move to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
pub struct NewExerciseMove {
    /// 2 to 30 characters.
    #[validate(length(min = 2, max = 30))]
    pub name: String,
    /// 2 to 30 characters.
    #[validate(length(min = 2, max = 30))]
    pub focus: String,
    /// 10 to 500 characters.
    #[validate(length(min = 10, max = 500))]
    pub description: String,
    /// An http or https address.
    #[validate(length(max = "rules::LONGEST_ADDRESS"), custom(function = "rules::web_address"))]
    #[schemars(regex(pattern = rules::WEB_ADDRESS))]
    pub video_link: String,
}

impl Payload for NewExerciseMove {
    const NOUN: &'static str = "an exercise move";
    const EXAMPLE: &'static str = r#"{"name": "Plank", "focus": "core", "description": "Hold a straight line from head to heels.", "video_link": "https://example.com/plank.mp4"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        form.ignore(&["id", "version"]);
        Self {
            name: form.text("name"),
            focus: form.text("focus"),
            description: form.text("description"),
            video_link: form.text("video_link"),
        }
    }
}

/// What is to change about an exercise move; what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
pub struct UpdateExerciseMove {
    /// Which.
    pub id: i64,
    /// The version that the client saw; checked if present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// 2 to 30 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 2, max = 30))]
    pub name: Option<String>,
    /// 2 to 30 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 2, max = 30))]
    pub focus: Option<String>,
    /// 10 to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 10, max = 500))]
    pub description: Option<String>,
    /// An http or https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = "rules::LONGEST_ADDRESS"), custom(function = "rules::web_address"))]
    #[schemars(regex(pattern = rules::WEB_ADDRESS))]
    pub video_link: Option<String>,
}

impl Payload for UpdateExerciseMove {
    const NOUN: &'static str = "an exercise move";
    const EXAMPLE: &'static str = r#"{"focus": "core and back"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self {
            id: form.id(),
            version: form.version(),
            name: form.changed("name", Form::text),
            focus: form.changed("focus", Form::text),
            description: form.changed("description", Form::text),
            video_link: form.changed("video_link", Form::text),
        }
    }
}
