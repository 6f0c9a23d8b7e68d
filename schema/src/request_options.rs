//! The second argument of an event.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use validator::Validate;

use crate::{Form, Payload};

/// Options of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Validate, JsonSchema)]
#[non_exhaustive]
pub struct RequestOptions {
    /// Makes a write idempotent: a retry with the same id within 24 hours is not executed again, but acked with the
    /// stored ack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Uuid>,
}

impl Payload for RequestOptions {
    const NOUN: &'static str = "an event's options";
    const EXAMPLE: &'static str = r#"{"request_id": "6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59"}"#;
    const OPTIONAL: bool = true;

    fn read(form: &mut Form<'_>) -> Self {
        // A blank id is an error, not an absent one.
        let request_id = form.patch("request_id", Form::text).and_then(|text| {
            let id = Uuid::try_parse(&text).ok().filter(|id| !id.is_nil());
            if id.is_none() {
                form.add_error("request_id", "must be a UUID, as crypto.randomUUID() makes them");
            }
            id
        });
        Self { request_id }
    }
}
