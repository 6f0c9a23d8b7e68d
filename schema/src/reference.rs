//! One row named by another's payload.

use schemars::JsonSchema;
use serde::Serialize;

/// How a payload names another row: by its id. Whatever else is in it is not looked at, so a whole row will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ref {
    /// The row's id.
    pub id: i64,
}
