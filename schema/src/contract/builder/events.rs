//! Events of a contract, and the types of their payloads and acks.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{
    super::{
        ClientEvent, Collection, ServerEvent, Shape,
        definitions::{name_of, refer},
        payloads::{self, close},
        shape::Source,
        tables::Part,
    },
    Builder,
};
use crate::ListRequest;

impl Builder {
    /// Adds an event, with the collection that declares it.
    ///
    /// # Panics
    /// If it is [an event of a table](Shape::of_table), and the collection is none or has no such event.
    pub fn event(&mut self, name: &str, shape: &Shape, collection: Option<&str>) {
        let payload = shape.payload.as_ref().map(|payload| match payload {
            Source::Type(describe) => Value::from(describe(&mut self.taken)),
            Source::Schema(schema) => schema.clone(),
            Source::Table(part) => self.of_table(*part, name, collection),
            Source::Count => self.count(name, collection),
        });
        if let Some(of) = payload.as_ref().and_then(name_of) {
            self.with(of, |payload| close(payload, shape.example));
        }
        let payload = payload.map(|payload| self.listed(name, payload, collection));
        let said = payload.as_ref().and_then(|payload| description(self.taken.definitions(), payload));
        let description = shape.description.as_deref().map(str::to_owned).or(said).unwrap_or_default();
        let data = match &shape.data {
            Source::Type(describe) => describe(&mut self.sent).into(),
            Source::Schema(schema) => schema.clone(),
            Source::Table(part) => self.of_table(*part, name, collection),
            Source::Count => self.count(name, collection),
        };
        let extra = shape.extra.map(|(field, describe)| (field, describe(&mut self.sent).into()));
        let (name, collection, optional) =
            (name.to_owned(), collection.map(ToOwned::to_owned), shape.optional);
        self.events.push(ClientEvent { name, description, collection, payload, optional, data, extra });
    }

    /// Adds a second name for an event.
    pub fn alias(&mut self, alias: &str, event: &str) {
        let Some(event) = self.events.iter().find(|known| known.name == event) else { return };
        let (name, description) = (alias.to_owned(), format!("Another spelling of `{}`.", event.name));
        self.events.push(ClientEvent { name, description, collection: None, ..event.clone() });
    }

    pub(in super::super) fn server_event<T: JsonSchema>(&mut self, name: &str, argument: &'static str) {
        let schema = Value::from(self.sent.subschema_for::<T>());
        let description = description(self.sent.definitions(), &schema).unwrap_or_default();
        self.server_events.push(ServerEvent {
            name: name.to_owned(),
            description,
            collection: None,
            arguments: vec![(argument, schema)],
        });
    }

    /// A type of the table that declares an event.
    fn of_table(&self, part: Part, event: &str, collection: Option<&str>) -> Value {
        let table = self.known(collection).and_then(|collection| collection.table);
        let placeholder = table.map(|table| part.placeholder(table));
        let described = placeholder.filter(|placeholder| self.tables.get(placeholder).is_some());
        refer(&described.unwrap_or_else(|| panic!("no table describes the types of {event}")))
    }

    /// The request of a number of rows of the collection that declares an event.
    fn count(&mut self, event: &str, collection: Option<&str>) -> Value {
        let known = self.known(collection).map(|known| (known.table.is_some(), known.plural.clone()));
        match known {
            Some((true, _)) => self.of_table(Part::Count, event, collection),
            Some((false, plural)) => payloads::collection_count(self.taken.definitions_mut(), event, &plural),
            None => panic!("{event} counts rows, and belongs to no collection"),
        }
    }

    fn known(&self, collection: Option<&str>) -> Option<&Collection> {
        self.collections.iter().find(|known| Some(&*known.plural) == collection)
    }

    /// The payload; a list request is narrowed to the columns of its collection.
    fn listed(&mut self, event: &str, payload: Value, collection: Option<&str>) -> Value {
        let request = Value::from(self.taken.subschema_for::<ListRequest>());
        let known = self.collections.iter().find(|known| Some(&*known.plural) == collection);
        match known.filter(|_| request == payload) {
            Some(Collection { table: Some(_), .. }) => self.of_table(Part::List, event, collection),
            Some(known) => payloads::list(self.taken.definitions_mut(), &request, event, &known.columns),
            None => payload,
        }
    }
}

/// The doc comment of a named type.
fn description(definitions: &Map<String, Value>, schema: &Value) -> Option<String> {
    let description = definitions.get(name_of(schema)?)?.get("description")?;
    description.as_str().map(str::to_owned)
}
