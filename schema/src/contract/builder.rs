//! From Rust types and a registry to a contract.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::{
    AUTH, CHANGES, Collection, Contract, Event, Notice, OPTIONS, PART, RESERVED, Shape,
    definitions::{gather, name_of, names},
    hash::REST,
    nests, notices,
    own::Own,
    payloads::{self, close, only_absent, rename},
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
    own: Own,
}

impl Builder {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12;
        let (sent, taken) = (settings().for_serialize(), settings().for_deserialize());
        let (collections, events, notices) = (Vec::new(), Vec::new(), Vec::new());
        let (sent, taken) = (sent.into_generator(), taken.into_generator());
        let own = Own::without_users();
        let mut builder = Self { sent, taken, collections, events, notices, own };
        // Whoever comes first has a name to itself, both ways.
        builder.sent.subschema_for::<Options>();
        builder.sent.subschema_for::<Auth>();
        let options = builder.payload::<Options>();
        builder.with(&options, only_absent);
        let auth = named(&builder.taken.subschema_for::<Auth>());
        debug_assert_eq!([&*options, &*auth], [OPTIONS, AUTH]);
        builder
    }

    /// Says that rows `U` of a collection sign in.
    pub fn users<U: JsonSchema>(&mut self) {
        self.own = Own::with_users::<U>();
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
        assert!(plural != REST, "no collection can be called {plural}");
        let row = named(&self.sent.subschema_for::<R>());
        let (new, update) = (self.payload::<N>(), self.payload::<U>());
        self.with(&update, |update| {
            only_absent(update);
            // The example is for a row that is still to be named.
            update["examples"][0]["id"] = 1.into();
        });
        let (nests, numbers) = (Vec::new(), Vec::new());
        self.collections.push(Collection { name, plural, sent, columns, numbers, row, new, update, nests });
    }

    /// Columns of the collection that was added last whose text is compared as the number that it spells.
    pub fn numbers(&mut self, columns: Vec<&'static str>) {
        if let Some(last) = self.collections.last_mut() {
            last.numbers = columns;
        }
    }

    /// An event of a collection, or of none.
    pub fn event(&mut self, name: &'static str, shape: &Shape, collection: Option<&'static str>) {
        let payload = shape.payload.map(|describe| Value::from(describe(&mut self.taken)));
        if let Some(of) = payload.as_ref().and_then(name_of) {
            self.with(of, |payload| close(payload, shape.example));
        }
        let payload = payload.map(|payload| self.listed(name, payload, collection));
        let said = payload.as_ref().and_then(|payload| description(self.taken.definitions(), payload));
        let description = shape.description.as_deref().map(str::to_owned).or(said).unwrap_or_default();
        let data = (shape.data)(&mut self.sent).into();
        let beside = shape.beside.map(|(field, describe)| (field, describe(&mut self.sent).into()));
        let optional = shape.optional;
        self.events.push(Event { name, description, collection, payload, optional, data, beside });
    }

    /// A second name for an event.
    pub fn alias(&mut self, alias: &'static str, event: &str) {
        let Some(event) = self.events.iter().find(|known| known.name == event) else { return };
        let description = format!("Another spelling of `{}`.", event.name);
        self.events.push(Event { name: alias, description, collection: None, ..event.clone() });
    }

    pub(super) fn notice<T: JsonSchema>(&mut self, name: &'static str, argument: &'static str) {
        let schema = Value::from(self.sent.subschema_for::<T>());
        let description = description(self.sent.definitions(), &schema).unwrap_or_default();
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
    /// If a type has a name that is taken.
    #[must_use]
    pub fn build(mut self) -> Contract {
        (self.own.notices)(&mut self);
        for (name, shape) in (self.own.events)() {
            self.event(name, &shape, None);
        }
        let position = Value::from(self.sent.subschema_for::<Position>());
        let mut all = self.sent.take_definitions(true);
        // Only clients say these.
        for name in [OPTIONS, AUTH] {
            all.shift_remove(name);
        }
        let mut taken = self.taken.take_definitions(true);
        let twice = payloads::different(&all, &taken);
        for event in &mut self.events {
            event.payload.iter_mut().for_each(|payload| rename(payload, &twice));
        }
        for Collection { new, update, .. } in &mut self.collections {
            [new, update].into_iter().filter(|name| twice.contains(*name)).for_each(|name| *name += "Input");
        }
        payloads::rename_all(&mut taken, &twice);
        all.extend(taken);
        for name in RESERVED {
            assert!(!all.contains_key(name), "no type can be called {name}: there is one already");
        }
        self.assemble(&all, &position)
    }

    fn assemble(self, all: &Map<String, Value>, position: &Value) -> Contract {
        let Self { collections, events, notices, .. } = self;
        let mut contract = Contract {
            definitions: ordered(all, &collections, &events),
            collections,
            events,
            notices: Vec::new(),
        };
        for at in 0..contract.collections.len() {
            let Collection { row, new, .. } = &contract.collections[at];
            contract.collections[at].nests = nests::of(&contract, row, new);
        }
        contract.notices = notices::all(notices, &contract.collections, position);
        contract.definitions.insert(CHANGES.into(), notices::changes(&contract.collections));
        contract.definitions.insert(PART.into(), notices::part(&contract.collections));
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

    /// The payload, or if it is a collection's list request, one that knows the collection's columns alone.
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

/// What a named type says of itself.
fn description(definitions: &Map<String, Value>, schema: &Value) -> Option<String> {
    let description = definitions.get(name_of(schema)?)?.get("description")?;
    description.as_str().map(str::to_owned)
}

/// Definitions in the order in which a reader meets them.
fn ordered(all: &Map<String, Value>, collections: &[Collection], events: &[Event]) -> Map<String, Value> {
    let mut ordered = Map::new();
    for Collection { row, new, update, .. } in collections {
        [row, new, update].into_iter().for_each(|name| gather(name, all, &mut ordered));
    }
    for event in events {
        for schema in event.schemas() {
            names(schema, &mut |name| gather(name, all, &mut ordered));
        }
    }
    [AUTH, OPTIONS].into_iter().for_each(|name| gather(name, all, &mut ordered));
    // What is left is what the server tells; list requests have become those of their collections.
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

    /// A product's own, of which no event need know.
    #[derive(Validate, JsonSchema)]
    #[expect(dead_code, reason = "a type to be described")]
    struct Options {
        colour: Option<String>,
    }

    impl Payload for Options {
        const NOUN: &'static str = "a choice";
        const EXAMPLE: &'static str = r#"{"colour": "red"}"#;

        fn read(form: &mut Form<'_>) -> Self {
            Self { colour: form.nullable_text("colour") }
        }
    }

    #[test]
    fn a_products_type_does_not_take_the_name_of_one_of_ours() {
        let mut contract = Contract::builder();
        contract.event("choose", &Shape::of::<Options, Options>(), None);
        let types = contract.build().typescript();
        assert!(types.contains("  choose: (...args: Emits<Options2Input, Options2>) => void;\n"), "{types}");
        assert!(types.contains("export interface Options {\n  /**\n   * Names a write"), "{types}");
        assert!(types.contains("export interface Options2Input {\n  colour?: string | null;\n"), "{types}");
        assert!(types.contains("export interface Options2 {\n  colour: string | null;\n"), "{types}");
    }

    #[test]
    #[should_panic(expected = "no collection can be called events")]
    fn no_collection_is_called_as_what_is_in_none() {
        Contract::builder().collection::<Gym, NewGym, UpdateGym>(("event", "events"), true, vec![]);
    }
}
