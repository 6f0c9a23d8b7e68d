//! From Rust types and a registry to a contract.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    CHANGES, Collection, Contract, Event, Notice, Shape,
    definitions::{close, gather, name_of, only_absent, refer},
    nests, own,
};
use crate::{Auth, ListRequest, Options, Payload, Position};

/// Collects collections and events, in the order in which they are to be told.
pub struct Builder {
    /// What the server says; a null is said.
    sent: SchemaGenerator,
    /// What clients say; a null may be left out.
    taken: SchemaGenerator,
    collections: Vec<Collection>,
    events: Vec<Event>,
    notices: Vec<Notice>,
}

impl Builder {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12;
        Self {
            sent: settings().for_serialize().into_generator(),
            taken: settings().for_deserialize().into_generator(),
            collections: Vec::new(),
            events: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// A collection of rows `R` with what makes and changes one.
    ///
    /// # Panics
    /// If it is named `events`, as what belongs to no collection is.
    pub fn collection<R, N, U>(
        &mut self,
        (name, plural): (&'static str, &'static str),
        sent: bool,
        columns: Vec<&'static str>,
    ) where
        R: JsonSchema,
        N: Payload + JsonSchema,
        U: Payload + JsonSchema,
    {
        assert!(plural != hash_of_the_rest(), "no collection can be called {plural}");
        let row = named(&self.sent.subschema_for::<R>());
        let new = self.payload::<N>(None);
        let update = self.payload::<U>(Some(1));
        self.taken.definitions_mut().get_mut(&update).map(only_absent);
        let nests = Vec::new();
        self.collections.push(Collection { name, plural, sent, columns, row, new, update, nests });
    }

    /// An event of a collection, or of none.
    pub fn event(&mut self, name: &'static str, shape: &Shape, collection: Option<&'static str>) {
        let payload = shape.payload.map(|describe| Value::from(describe(&mut self.taken)));
        let payload = payload.map(|payload| self.closed(name, payload, collection));
        let of_payload =
            payload.as_ref().and_then(name_of).and_then(|name| self.taken.definitions().get(name));
        let of_payload = of_payload.and_then(|schema| schema.get("description")).and_then(Value::as_str);
        let description = shape.description.as_deref().or(of_payload).unwrap_or_default().to_owned();
        let data = (shape.data)(&mut self.sent).into();
        let beside = shape.beside.map(|(field, describe)| (field, describe(&mut self.sent).into()));
        let optional = shape.optional;
        self.events.push(Event { name, description, collection, payload, optional, data, beside });
    }

    /// A second name for an event.
    pub fn alias(&mut self, alias: &'static str, event: &str) {
        let Some(event) = self.events.iter().find(|known| known.name == event) else { return };
        let description = format!("Another spelling of `{}`.", event.name);
        let (payload, data, beside) = (event.payload.clone(), event.data.clone(), event.beside.clone());
        let optional = event.optional;
        self.events.push(Event {
            name: alias,
            description,
            collection: None,
            payload,
            optional,
            data,
            beside,
        });
    }

    pub(super) fn notice<T: JsonSchema>(&mut self, name: &'static str, argument: &'static str) {
        let schema = Value::from(self.sent.subschema_for::<T>());
        let description =
            name_of(&schema).and_then(|name| self.sent.definitions().get(name)?.get("description"));
        let description = description.and_then(Value::as_str).unwrap_or_default().to_owned();
        self.notices.push(Notice {
            name,
            description,
            collection: None,
            arguments: vec![(argument, schema)],
        });
    }

    /// Puts it together.
    ///
    /// # Panics
    /// If one type is both sent and taken and does not look the same both ways: a mistake in the program, found by its
    /// first start.
    #[must_use]
    pub fn build(mut self) -> Contract {
        own::notices(&mut self);
        for (name, shape) in own::events() {
            self.event(name, &shape, None);
        }
        let options = self.payload::<Options>(None);
        self.taken.definitions_mut().get_mut(&options).map(only_absent);
        let (auth, position) =
            (named(&self.taken.subschema_for::<Auth>()), Value::from(self.sent.subschema_for::<Position>()));
        let definitions = merged(self.sent.take_definitions(true), self.taken.take_definitions(true));
        let mut contract = Contract {
            definitions: Map::new(),
            collections: self.collections,
            events: self.events,
            notices: Vec::new(),
        };
        contract.definitions = ordered(&definitions, &contract, [auth, options]);
        for at in 0..contract.collections.len() {
            let Collection { row, new, .. } = &contract.collections[at];
            contract.collections[at].nests = nests::of(&contract, row, new);
        }
        contract.notices = notices(self.notices, &contract.collections, &position);
        contract.definitions.insert(CHANGES.into(), changes(&contract.collections));
        contract
    }

    /// The name of a payload's definition, with its example; an update's has no id.
    fn payload<P: Payload + JsonSchema>(&mut self, id: Option<i64>) -> String {
        let name = named(&self.taken.subschema_for::<P>());
        if let Some(schema) = self.taken.definitions_mut().get_mut(&name).and_then(Value::as_object_mut) {
            let mut example: Value = serde_json::from_str(P::EXAMPLE).unwrap_or_default();
            if let Some(id) = id {
                example["id"] = id.into();
            }
            schema.insert("examples".into(), json!([example]));
        }
        self.taken.definitions_mut().get_mut(&name).map(close);
        name
    }

    /// A payload to which no field may be added; a list request may name its collection's columns alone.
    fn closed(&mut self, event: &str, payload: Value, collection: Option<&str>) -> Value {
        let lists = named(&self.taken.subschema_for::<ListRequest>());
        let Some(name) = name_of(&payload).map(str::to_owned) else { return payload };
        let definitions = self.taken.definitions_mut();
        let Some(schema) = definitions.get_mut(&name) else { return payload };
        close(schema);
        let collection = collection.filter(|_| name == lists);
        let Some(collection) = self.collections.iter().find(|known| Some(known.plural) == collection) else {
            return payload;
        };
        let mut request = schema.clone();
        let comparison = request["properties"]["where"]["additionalProperties"].take();
        let columns = collection.columns.iter().map(|column| ((*column).to_owned(), comparison.clone()));
        request["properties"]["where"]["properties"] = columns.collect::<Map<_, _>>().into();
        request["properties"]["where"]["additionalProperties"] = false.into();
        let name = pascal(event);
        let before = definitions.insert(name.clone(), request);
        assert!(before.is_none(), "two types are named {name}");
        refer(&name)
    }
}

/// The part of the hashes that is no collection's.
fn hash_of_the_rest() -> &'static str {
    super::hash::REST
}

/// Rows and payloads are structs, so each has a name.
fn named(schema: &Schema) -> String {
    name_of(schema.as_value()).expect("rows and payloads are types with names").to_owned()
}

fn merged(mut sent: Map<String, Value>, taken: Map<String, Value>) -> Map<String, Value> {
    for (name, schema) in taken {
        let same = sent.get(&name).is_none_or(|known| *known == schema);
        assert!(same, "{name} is both sent and taken, and does not look the same both ways");
        sent.insert(name, schema);
    }
    sent
}

/// Definitions in the order in which a reader meets them, and only those that somebody needs.
fn ordered(all: &Map<String, Value>, contract: &Contract, others: [String; 2]) -> Map<String, Value> {
    let mut ordered = Map::new();
    for Collection { row, new, update, .. } in &contract.collections {
        [row, new, update].into_iter().for_each(|name| gather(name, all, &mut ordered));
    }
    for event in &contract.events {
        let beside = event.beside.iter().map(|(_, schema)| schema);
        for schema in event.payload.iter().chain([&event.data]).chain(beside) {
            super::definitions::names(schema, &mut |name| gather(name, all, &mut ordered));
        }
    }
    others.iter().for_each(|name| gather(name, all, &mut ordered));
    all.keys().filter(|name| *name != "ListRequest").for_each(|name| gather(name, all, &mut ordered));
    ordered
}

/// What is told in the order in which it is told: the greeting, collections, their changes, all else.
fn notices(own: Vec<Notice>, collections: &[Collection], position: &Value) -> Vec<Notice> {
    let mut own = own.into_iter();
    let mut all: Vec<Notice> = own.next().into_iter().collect();
    for collection in collections.iter().filter(|collection| collection.sent) {
        all.push(Notice {
            name: collection.plural,
            description: "All rows in id order: on connect, by `refresh`, and when they have changed.".into(),
            collection: Some(collection.plural),
            arguments: vec![
                ("rows", json!({ "type": "array", "items": refer(&collection.row) })),
                ("at", position.clone()),
            ],
        });
    }
    all.push(Notice {
        name: "changes",
        description: "What a group of commits has changed; sent with `live: \"changes\"`.".into(),
        collection: None,
        arguments: vec![("changes", refer(CHANGES))],
    });
    all.extend(own);
    all
}

/// What changed, collection by collection.
fn changes(collections: &[Collection]) -> Value {
    let mut fields = Map::new();
    fields.insert(
        "cursor".into(),
        json!({
            "type": "string",
            "description": "To be sent back as `since`; means nothing to a client.",
        }),
    );
    for collection in collections.iter().filter(|collection| collection.sent) {
        let rows = json!({
            "type": "object",
            "properties": {
                "upserted": {
                    "description": "The rows as they are now.", "type": "array", "items": refer(&collection.row),
                },
                "deleted": {
                    "description": "The ids of those that are gone.",
                    "type": "array",
                    "items": { "type": "integer", "format": "int64" },
                },
            },
            "required": ["upserted", "deleted"],
        });
        fields.insert(collection.plural.into(), rows);
    }
    json!({
        "description": "What a group of commits has changed, each collection that it touched.",
        "type": "object",
        "properties": fields,
        "required": ["cursor"],
    })
}

/// `list_coaches` as the name of a type.
pub(super) fn pascal(event: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
    };
    event.split('_').filter_map(word).collect()
}
