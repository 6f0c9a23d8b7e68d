//! Which row.

use schemars::JsonSchema;
use serde::Serialize;
use validator::Validate;

use crate::{Form, Payload};

/// A row to get or to delete: only `id` counts, a whole row will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
#[schemars(extend("additionalProperties" = true))]
pub struct ById {
    /// Its id.
    pub id: i64,
}

impl Payload for ById {
    const NOUN: &'static str = "a row";
    const EXAMPLE: &'static str = r#"{"id": 1}"#;

    fn read(form: &mut Form<'_>) -> Self {
        form.ignore_the_rest();
        Self { id: form.id() }
    }
}
