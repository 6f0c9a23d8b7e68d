//! The types of an event's payload and ack: Rust types that are described on demand, or JSON Schemas.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::tables::Part;
use crate::Payload;

type Describe = fn(&mut SchemaGenerator) -> Schema;

/// A type of a payload or an ack.
#[derive(Clone)]
pub(super) enum Source {
    /// A Rust type.
    Type(Describe),
    /// A JSON Schema.
    Schema(Value),
    /// A type of the table that declares the event.
    Table(Part),
    /// The request of a number of rows of the collection that declares the event.
    Count,
}

/// The types of an event: its payload, and the `data` of its ack.
#[derive(Clone)]
pub struct Shape {
    pub(super) payload: Option<Source>,
    pub(super) optional: bool,
    pub(super) example: &'static str,
    pub(super) data: Source,
    pub(super) extra: Option<(&'static str, Describe)>,
    pub(super) description: Option<Cow<'static, str>>,
}

/// The events of a table. Each takes and returns the types of the table's [description](super::TableDescription).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableEvent {
    /// `new_…`: takes a new row, returns the row.
    New,
    /// `update_…`: takes the changes of a row, returns the row.
    Update,
    /// `delete_…`: takes and returns the columns of the key.
    Delete,
    /// `get_…`: takes the columns of the key, returns the row.
    Get,
    /// `list_…`: takes a list request, returns a page.
    List,
}

impl Shape {
    /// An event with a payload `P`, whose ack has `T` as its `data`.
    #[must_use]
    pub fn of<P: Payload + JsonSchema, T: JsonSchema>() -> Self {
        Self {
            payload: Some(Source::Type(SchemaGenerator::subschema_for::<P>)),
            optional: P::OPTIONAL,
            example: P::EXAMPLE,
            ..Self::without_payload::<T>()
        }
    }

    /// An event without a payload.
    #[must_use]
    pub fn without_payload<T: JsonSchema>() -> Self {
        Self::returning(Source::Type(SchemaGenerator::subschema_for::<T>))
    }

    /// An event whose payload, if it has one, and `data` are JSON Schemas.
    #[must_use]
    pub fn of_schemas(payload: Option<Value>, data: Value) -> Self {
        let (optional, payload) = (payload.is_none(), payload.map(Source::Schema));
        Self { payload, optional, ..Self::returning(Source::Schema(data)) }
    }

    /// An event of a table. It must be added for the table's collection.
    #[must_use]
    pub fn of_table(event: TableEvent) -> Self {
        let (payload, data) = match event {
            TableEvent::New => (Part::New, Part::Row),
            TableEvent::Update => (Part::Update, Part::Row),
            TableEvent::Delete => (Part::Key, Part::Key),
            TableEvent::Get => (Part::Key, Part::Row),
            TableEvent::List => (Part::List, Part::Page),
        };
        let (optional, payload) = (event == TableEvent::List, Some(Source::Table(payload)));
        Self { payload, optional, ..Self::returning(Source::Table(data)) }
    }

    /// `count_…`: takes `{where?}`. It must be added for a collection, after its `list_…`.
    #[must_use]
    pub fn of_count<T: JsonSchema>() -> Self {
        Self { payload: Some(Source::Count), ..Self::without_payload::<T>() }
    }

    fn returning(data: Source) -> Self {
        Self { payload: None, optional: true, example: "", data, extra: None, description: None }
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
