//! The second argument of an event.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use validator::Validate;

use crate::{Form, Payload};

/// How an event is to be handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Validate, JsonSchema)]
#[non_exhaustive]
pub struct Options {
    /// Names a write, so that it is safe to send again: a repeat within 24 hours is not carried out, but acked as the first
    /// was. Reading is safe to repeat in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Uuid>,
}

impl Payload for Options {
    const NOUN: &'static str = "an event's options";
    const EXAMPLE: &'static str = r#"{"request_id": "6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59"}"#;
    const OPTIONAL: bool = true;

    fn read(form: &mut Form<'_>) -> Self {
        // One that is there and blank was meant to be something.
        let request_id = form.changed("request_id", Form::text).and_then(|text| {
            let id = Uuid::try_parse(&text).ok().filter(|id| !id.is_nil());
            if id.is_none() {
                form.refuse("request_id", "must be a UUID, as crypto.randomUUID() makes them");
            }
            id
        });
        Self { request_id }
    }
}
