//! A reference to a row in another row's payload.

use schemars::JsonSchema;
use serde::Serialize;

/// A reference to a row by its id. Other fields are ignored, so a whole row is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ref {
    /// The row's id.
    pub id: i64,
}
