//! The types of an event's payload and ack, as functions that describe them on demand.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::Payload;

type Describe = fn(&mut SchemaGenerator) -> Schema;

/// The types of an event: its payload, and the `data` of its ack.
#[derive(Clone)]
pub struct Shape {
    pub(super) payload: Option<Describe>,
    pub(super) optional: bool,
    pub(super) example: &'static str,
    pub(super) data: Describe,
    pub(super) extra: Option<(&'static str, Describe)>,
    pub(super) description: Option<Cow<'static, str>>,
}

impl Shape {
    /// An event with a payload `P`, whose ack has `T` as its `data`.
    #[must_use]
    pub fn of<P: Payload + JsonSchema, T: JsonSchema>() -> Self {
        Self {
            payload: Some(SchemaGenerator::subschema_for::<P>),
            optional: P::OPTIONAL,
            example: P::EXAMPLE,
            ..Self::without_payload::<T>()
        }
    }

    /// An event without a payload.
    #[must_use]
    pub fn without_payload<T: JsonSchema>() -> Self {
        Self {
            payload: None,
            optional: true,
            example: "",
            data: SchemaGenerator::subschema_for::<T>,
            extra: None,
            description: None,
        }
    }

    /// Adds a field of a successful ack beside `data`.
    #[must_use]
    pub fn with_extra<T: JsonSchema>(self, field: &'static str) -> Self {
        Self { extra: Some((field, SchemaGenerator::subschema_for::<T>)), ..self }
    }

    /// Sets the event's description, a sentence. Default: the description of its payload.
    #[must_use]
    pub fn described(self, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { description: Some(sentence.into()), ..self }
    }
}
