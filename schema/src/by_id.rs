//! The payload of events about one row.

use schemars::JsonSchema;
use serde::Serialize;
use validator::Validate;

use crate::{Form, Payload};

/// The row to get or to delete. Other fields are ignored, so a whole row is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
pub struct ById {
    /// The row's id.
    pub id: i64,
}

impl Payload for ById {
    const NOUN: &'static str = r#"a row, like {"id": 1}"#;
    const EXAMPLE: &'static str = r#"{"id": 1}"#;

    fn read(form: &mut Form<'_>) -> Self {
        form.ignore_the_rest();
        Self { id: form.id() }
    }
}
