//! Bounds and types of `batch`.

use serde_json::{Value, json};

/// The most writes of a batch.
pub const MAX_BATCH: usize = 500;

/// The payload: writes, each the name of an event and its payload.
pub(crate) fn payload() -> Value {
    json!({
        "type": "array",
        "description": "Writes, each the name of an event and its payload. `{\"$ref\": n}` in a payload stands for the key that write n gave.",
        "items": {
            "type": "array",
            "prefixItems": [{ "type": "string" }, { "type": "object" }],
            "items": false,
            "minItems": 1,
            "maxItems": 2,
        },
        "minItems": 1,
        "maxItems": MAX_BATCH,
    })
}

/// The ack's `data`: that of each write.
pub(crate) fn data() -> Value {
    json!({ "type": "array", "items": {}, "description": "The data of each write, in order." })
}
