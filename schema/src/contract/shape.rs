//! What an event carries and is acked with, as functions that describe it when somebody asks.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::Payload;

type Describe = fn(&mut SchemaGenerator) -> Schema;

/// What an event carries, and what the `data` of its ack is.
#[derive(Clone)]
pub struct Shape {
    pub(super) payload: Option<Describe>,
    pub(super) optional: bool,
    pub(super) example: &'static str,
    pub(super) data: Describe,
    pub(super) beside: Option<(&'static str, Describe)>,
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
            ..Self::bare::<T>()
        }
    }

    /// An event without a payload.
    #[must_use]
    pub fn bare<T: JsonSchema>() -> Self {
        Self {
            payload: None,
            optional: true,
            example: "",
            data: SchemaGenerator::subschema_for::<T>,
            beside: None,
            description: None,
        }
    }

    /// Something that stands beside the `data` of an ack when it was done.
    #[must_use]
    pub fn beside<T: JsonSchema>(self, field: &'static str) -> Self {
        Self { beside: Some((field, SchemaGenerator::subschema_for::<T>)), ..self }
    }

    /// What the event does, in a sentence; what its payload says of itself, if nothing is said.
    #[must_use]
    pub fn described(self, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { description: Some(sentence.into()), ..self }
    }
}
