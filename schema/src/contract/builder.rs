//! From Rust types and a registry to a contract.

mod events;
mod order;
mod tables;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::{
    CHANGES, ClientEvent, Collection, Contract, HANDSHAKE_AUTH, PART, REQUEST_OPTIONS, RESERVED, ServerEvent,
    authored,
    builtin::BuiltinEvents,
    definitions::name_of,
    embeds,
    hash::REST,
    payloads::{self, close, only_absent, rename},
    server_events,
    tables::Tables,
};
use crate::{HandshakeAuth, Payload, RequestOptions, SchemaHashes, SnapshotMeta};
use order::ordered;

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
    tables: Tables,
    from_data: bool,
}

impl Builder {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12;
        let (sent, taken) = (settings().for_serialize(), settings().for_deserialize());
        let (collections, events, server_events) = (Vec::new(), Vec::new(), Vec::new());
        let (sent, taken) = (sent.into_generator(), taken.into_generator());
        let builtin = BuiltinEvents::without_users();
        let (tables, from_data) = (Tables::default(), false);
        let mut builder =
            Self { sent, taken, collections, events, server_events, builtin, tables, from_data };
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
    pub fn collection<R, N, U>(&mut self, (name, plural): (&str, &str), sent: bool, columns: Vec<&str>)
    where
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
        self.collections.push(Collection::of_types((name, plural), sent, &columns, [row, new, update]));
    }

    /// Sets the text columns of the last collection that are compared as the whole numbers they contain.
    pub fn numbers(&mut self, columns: Vec<&str>) {
        if let Some(last) = self.collections.last_mut() {
            last.numbers = columns.into_iter().map(ToOwned::to_owned).collect();
        }
    }

    /// Builds the contract.
    ///
    /// # Panics
    /// If a Rust type has a name that is taken, or if users are rows of a table that was not added.
    #[must_use]
    pub fn build(mut self) -> Contract {
        (self.builtin.server_events)(&mut self);
        for (name, shape) in (self.builtin.events)() {
            self.event(name, &shape, None);
        }
        let meta = Value::from(self.sent.subschema_for::<SnapshotMeta>());
        if self.from_data {
            let hashes = Value::from(self.sent.subschema_for::<SchemaHashes>());
            self.server_events.push(server_events::schema(hashes));
        }
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
                .flatten()
                .filter(|name| renamed.contains(*name))
                .for_each(|name| *name += "Input");
        }
        payloads::rename_all(&mut taken, &renamed);
        all.extend(taken);
        for name in RESERVED {
            assert!(!all.contains_key(name), "no type can be called {name}: there is one already");
        }
        let mut imports = None;
        if self.from_data {
            let (tables, collections) = (std::mem::take(&mut self.tables), &mut self.collections);
            let users = tables.users().map(ToOwned::to_owned);
            let module = tables.module.clone();
            authored::free_author(&mut all, &self.server_events, &self.events);
            let declared = tables.define(&mut all, collections, &mut self.events);
            imports = module.filter(|_| !declared.is_empty()).map(|module| (module, declared));
            authored::describe(&mut all, &self.server_events, collections, users.as_deref());
        }
        let mut contract = self.assemble(&all, &meta);
        contract.imports = imports;
        contract
    }

    fn assemble(self, all: &Map<String, Value>, meta: &Value) -> Contract {
        let Self { collections, events, server_events, from_data, .. } = self;
        let mut contract = Contract {
            definitions: ordered(all, &collections, &events),
            collections,
            events,
            server_events: Vec::new(),
            from_data,
            imports: None,
        };
        for at in 0..contract.collections.len() {
            let Collection { row, new: Some(new), table: None, .. } = &contract.collections[at] else {
                continue;
            };
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
}

/// Rows and payloads are structs, so each has a name.
fn named(schema: &Schema) -> String {
    name_of(schema.as_value()).expect("rows and payloads are types with names").to_owned()
}

#[cfg(test)]
mod tests {
    use validator::Validate;

    use super::*;
    use crate::{
        Form,
        contract::Shape,
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
