//! Payloads for tests.

use schemars::JsonSchema;
use serde::Serialize;
use validator::Validate;

use crate::{Form, Payload};

/// A place where classes are given.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Gym {
    id: i64,
    name: String,
    version: i64,
}

#[derive(Clone, Serialize, Validate, JsonSchema)]
pub(crate) struct NewGym {
    #[validate(length(min = 2, max = 40))]
    name: String,
}

impl Payload for NewGym {
    const NOUN: &'static str = "a gym";
    const EXAMPLE: &'static str = r#"{"name": "North"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self { name: form.text("name") }
    }
}

#[derive(Clone, Serialize, Validate, JsonSchema)]
pub(crate) struct UpdateGym {
    id: i64,
    name: Option<String>,
}

impl Payload for UpdateGym {
    const NOUN: &'static str = "a gym";
    const EXAMPLE: &'static str = r#"{"name": "South"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self { id: form.id(), name: form.patch("name", Form::text) }
    }
}
