//! Users that are described by data.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::super::definitions::refer;

/// Refers to the type of users until all names are known.
pub(super) const USER: &str = ".user";

/// The type of users.
pub(in super::super) enum User {
    /// The rows of a table.
    Row(String),
    /// A schema.
    Schema(Value),
}

/// Stands for the type of users in the built-in events.
pub(in super::super) struct DescribedUser;

impl JsonSchema for DescribedUser {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "DescribedUser".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        refer(USER).try_into().unwrap_or_default()
    }
}
