//! From Rust types and a registry to a contract.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::{
    CHANGES, ClientEvent, Collection, Contract, HANDSHAKE_AUTH, PART, REQUEST_OPTIONS, RESERVED, ServerEvent,
    Shape,
    builtin::BuiltinEvents,
    definitions::{gather, name_of, names},
    embeds,
    hash::REST,
    payloads::{self, close, only_absent, rename},
    server_events,
};
use crate::{HandshakeAuth, ListRequest, Payload, RequestOptions, SnapshotMeta};

/// Collects collections and events in the order of the output.
pub struct Builder {
    /// Types that the server sends: null fields are present.
    sent: SchemaGenerator,
    /// Types that clients send: null fields may be absent.
    taken: SchemaGenerator,
    collections: Vec<Collection>,
    events: Vec<ClientEvent>,
    server_events: Vec<ServerEvent>,
    builtin: BuiltinEvents,
}

impl Builder {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12;
        let (sent, taken) = (settings().for_serialize(), settings().for_deserialize());
        let (collections, events, server_events) = (Vec::new(), Vec::new(), Vec::new());
        let (sent, taken) = (sent.into_generator(), taken.into_generator());
        let builtin = BuiltinEvents::without_users();
        let mut builder = Self { sent, taken, collections, events, server_events, builtin };
        // The first type of a name keeps it, in both directions.
        builder.sent.subschema_for::<RequestOptions>();
        builder.sent.subschema_for::<HandshakeAuth>();
        let options = builder.payload::<RequestOptions>();
        builder.with(&options, only_absent);
        let auth = named(&builder.taken.subschema_for::<HandshakeAuth>());
        debug_assert_eq!([&*options, &*auth], [REQUEST_OPTIONS, HANDSHAKE_AUTH]);
        builder
    }

    /// Declares the rows `U` of a collection as users.
    pub fn users<U: JsonSchema>(&mut self) {
        self.builtin = BuiltinEvents::with_users::<U>();
    }

    /// Adds a collection: its rows `R` and the payloads that create and update one.
    ///
    /// # Panics
    /// If it is named `events`, which stands for everything that belongs to no collection.
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
        assert!(plural != REST, "no collection can be called {plural}");
        let row = named(&self.sent.subschema_for::<R>());
        let (new, update) = (self.payload::<N>(), self.payload::<U>());
        self.with(&update, |update| {
            only_absent(update);
            // The payload's own example has no id.
            update["examples"][0]["id"] = 1.into();
        });
        let (embeds, numbers) = (Vec::new(), Vec::new());
        self.collections.push(Collection { name, plural, sent, columns, numbers, row, new, update, embeds });
    }

    /// Sets the text columns of the last collection that are compared as the whole numbers they contain.
    pub fn numbers(&mut self, columns: Vec<&'static str>) {
        if let Some(last) = self.collections.last_mut() {
            last.numbers = columns;
        }
    }

    /// Adds an event, with the collection that declares it.
    pub fn event(&mut self, name: &'static str, shape: &Shape, collection: Option<&'static str>) {
        let payload = shape.payload.map(|describe| Value::from(describe(&mut self.taken)));
        if let Some(of) = payload.as_ref().and_then(name_of) {
            self.with(of, |payload| close(payload, shape.example));
        }
        let payload = payload.map(|payload| self.listed(name, payload, collection));
        let said = payload.as_ref().and_then(|payload| description(self.taken.definitions(), payload));
        let description = shape.description.as_deref().map(str::to_owned).or(said).unwrap_or_default();
        let data = (shape.data)(&mut self.sent).into();
        let extra = shape.extra.map(|(field, describe)| (field, describe(&mut self.sent).into()));
        let optional = shape.optional;
        self.events.push(ClientEvent { name, description, collection, payload, optional, data, extra });
    }

    /// Adds a second name for an event.
    pub fn alias(&mut self, alias: &'static str, event: &str) {
        let Some(event) = self.events.iter().find(|known| known.name == event) else { return };
        let description = format!("Another spelling of `{}`.", event.name);
        self.events.push(ClientEvent { name: alias, description, collection: None, ..event.clone() });
    }

    pub(super) fn server_event<T: JsonSchema>(&mut self, name: &'static str, argument: &'static str) {
        let schema = Value::from(self.sent.subschema_for::<T>());
        let description = description(self.sent.definitions(), &schema).unwrap_or_default();
        self.server_events.push(ServerEvent {
            name,
            description,
            collection: None,
            arguments: vec![(argument, schema)],
        });
    }

    /// Builds the contract.
    ///
    /// # Panics
    /// If a type has a name that is taken.
    #[must_use]
    pub fn build(mut self) -> Contract {
        (self.builtin.server_events)(&mut self);
        for (name, shape) in (self.builtin.events)() {
            self.event(name, &shape, None);
        }
        let meta = Value::from(self.sent.subschema_for::<SnapshotMeta>());
        let mut all = self.sent.take_definitions(true);
        // Only clients send these.
        for name in [REQUEST_OPTIONS, HANDSHAKE_AUTH] {
            all.shift_remove(name);
        }
        let mut taken = self.taken.take_definitions(true);
        let renamed = payloads::different(&all, &taken);
        for event in &mut self.events {
            event.payload.iter_mut().for_each(|payload| rename(payload, &renamed));
        }
        for Collection { new, update, .. } in &mut self.collections {
            [new, update]
                .into_iter()
                .filter(|name| renamed.contains(*name))
                .for_each(|name| *name += "Input");
        }
        payloads::rename_all(&mut taken, &renamed);
        all.extend(taken);
        for name in RESERVED {
            assert!(!all.contains_key(name), "no type can be called {name}: there is one already");
        }
        self.assemble(&all, &meta)
    }

    fn assemble(self, all: &Map<String, Value>, meta: &Value) -> Contract {
        let Self { collections, events, server_events, .. } = self;
        let mut contract = Contract {
            definitions: ordered(all, &collections, &events),
            collections,
            events,
            server_events: Vec::new(),
        };
        for at in 0..contract.collections.len() {
            let Collection { row, new, .. } = &contract.collections[at];
            contract.collections[at].embeds = embeds::of(&contract, row, new);
        }
        contract.server_events = server_events::all(server_events, &contract.collections, meta);
        contract.definitions.insert(CHANGES.into(), server_events::changes(&contract.collections));
        contract.definitions.insert(PART.into(), server_events::part(&contract.collections));
        contract
    }

    /// The name of a payload's definition.
    fn payload<P: Payload + JsonSchema>(&mut self) -> String {
        let name = named(&self.taken.subschema_for::<P>());
        self.with(&name, |payload| close(payload, P::EXAMPLE));
        name
    }

    fn with(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        if let Some(schema) = self.taken.definitions_mut().get_mut(name) {
            change(schema);
        }
    }

    /// The payload; a list request is narrowed to the columns of its collection.
    fn listed(&mut self, event: &str, payload: Value, collection: Option<&str>) -> Value {
        let request = Value::from(self.taken.subschema_for::<ListRequest>());
        let known = self.collections.iter().find(|known| Some(known.plural) == collection);
        match known.filter(|_| request == payload) {
            Some(known) => payloads::list(self.taken.definitions_mut(), &request, event, &known.columns),
            None => payload,
        }
    }
}

/// Rows and payloads are structs, so each has a name.
fn named(schema: &Schema) -> String {
    name_of(schema.as_value()).expect("rows and payloads are types with names").to_owned()
}

/// The doc comment of a named type.
fn description(definitions: &Map<String, Value>, schema: &Value) -> Option<String> {
    let description = definitions.get(name_of(schema)?)?.get("description")?;
    description.as_str().map(str::to_owned)
}

/// Definitions in reading order: each after the first that refers to it.
fn ordered(
    all: &Map<String, Value>,
    collections: &[Collection],
    events: &[ClientEvent],
) -> Map<String, Value> {
    let mut ordered = Map::new();
    for Collection { row, new, update, .. } in collections {
        [row, new, update].into_iter().for_each(|name| gather(name, all, &mut ordered));
    }
    for event in events {
        for schema in event.schemas() {
            names(schema, &mut |name| gather(name, all, &mut ordered));
        }
    }
    [HANDSHAKE_AUTH, REQUEST_OPTIONS].into_iter().for_each(|name| gather(name, all, &mut ordered));
    // The rest are the server's events. The generic list request has been replaced by one for each collection.
    let lists = |name: &&String| *name != &*ListRequest::schema_name();
    all.keys().filter(lists).for_each(|name| gather(name, all, &mut ordered));
    ordered
}

#[cfg(test)]
mod tests {
    use validator::Validate;

    use super::*;
    use crate::{
        Form,
        fixture::{Gym, NewGym, UpdateGym},
    };

    /// A product's type whose name is also built in.
    #[derive(Validate, JsonSchema)]
    #[expect(dead_code, reason = "a type to be described")]
    struct RequestOptions {
        colour: Option<String>,
    }

    impl Payload for RequestOptions {
        const NOUN: &'static str = "a choice";
        const EXAMPLE: &'static str = r#"{"colour": "red"}"#;

        fn read(form: &mut Form<'_>) -> Self {
            Self { colour: form.nullable_text("colour") }
        }
    }

    #[test]
    fn product_type_with_builtin_name_is_renamed() {
        let mut contract = Contract::builder();
        contract.event("choose", &Shape::of::<RequestOptions, RequestOptions>(), None);
        let types = contract.build().typescript();
        let event = "  choose: (...args: EmitArgs<RequestOptions2Input, RequestOptions2>) => void;\n";
        assert!(types.contains(event), "{types}");
        assert!(
            types.contains("export interface RequestOptions {\n  /**\n   * Makes a write idempotent"),
            "{types}"
        );
        let (input, output) =
            ("export interface RequestOptions2Input {", "export interface RequestOptions2 {");
        assert!(types.contains(&format!("{input}\n  colour?: string | null;\n")), "{types}");
        assert!(types.contains(&format!("{output}\n  colour: string | null;\n")), "{types}");
    }

    #[test]
    #[should_panic(expected = "no collection can be called events")]
    fn collection_named_events_panics() {
        Contract::builder().collection::<Gym, NewGym, UpdateGym>(("event", "events"), true, vec![]);
    }
}
