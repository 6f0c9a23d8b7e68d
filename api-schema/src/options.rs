//! The second argument of an event.

use serde::Serialize;
use validator::Validate;

use crate::{Form, Payload};

/// How an event is to be handled. There is nothing to choose yet, and what would be ignored is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Validate)]
#[non_exhaustive]
pub struct Options {}

impl Payload for Options {
    const NOUN: &'static str = "an event's options";
    const EXAMPLE: &'static str = "{}";
    const OPTIONAL: bool = true;

    fn read(form: &mut Form<'_>) -> Self {
        // A client that relies on this would double its writes if it were let through.
        if form.nullable_text("request_id").is_some() {
            form.refuse("request_id", "is not supported yet");
        }
        Self {}
    }
}
