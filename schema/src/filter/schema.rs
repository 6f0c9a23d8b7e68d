//! The schema of filters.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::MAX_IN_VALUES;

/// The schema of a filter of any columns. That of a collection has its columns, and `and`, `or` and `not`.
pub(crate) struct FilterSchema;

impl JsonSchema for FilterSchema {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Filter".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, Comparison>::json_schema(generator)
    }
}

/// The schema of a column's condition: a value that it equals, or comparisons that all hold.
struct Comparison;

impl JsonSchema for Comparison {
    fn schema_name() -> Cow<'static, str> {
        "Comparison".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ordered = || json_schema!({ "type": ["string", "number"] });
        let value = || json_schema!({ "type": ["string", "number", "boolean"] });
        let nullable = || json_schema!({ "type": ["string", "number", "boolean", "null"] });
        json_schema!({
            "description": "A value that the column equals, or comparisons that all hold.",
            "anyOf": [nullable(), {
                "type": "object",
                "properties": {
                    "eq": nullable(), "ne": nullable(),
                    "gt": ordered(), "gte": ordered(), "lt": ordered(), "lte": ordered(),
                    "in": { "type": "array", "items": value(), "maxItems": MAX_IN_VALUES },
                    "contains": ordered(), "starts_with": ordered(),
                    "is_null": { "type": "boolean" },
                    "has": value(),
                },
                "additionalProperties": false,
                "minProperties": 1,
            }],
        })
    }
}
