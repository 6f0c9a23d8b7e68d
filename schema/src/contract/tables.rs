//! Types of tables. Their names are chosen when all types are known; until then each has a placeholder.

mod part;
mod types;
mod user;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

pub(super) use part::Part;
use types::{json_definition, key_example, page};
use user::USER;
pub(super) use user::{DescribedUser, User};

use super::{
    Collection, TableDescription,
    definitions::{each, names, redirect},
    events::ClientEvent,
    key_type,
    naming::{Names, is_type_name, pascal},
    payloads::{self, close},
    table::{JSON, TYPE_NAME},
};

/// The name of the type of any JSON value.
const JSON_NAME: &str = "Json";

/// A type whose module declares it as `name`; this file calls it `local`.
pub(super) struct Import {
    pub(super) name: String,
    pub(super) local: String,
}

/// A table whose types have no names yet.
struct Unnamed {
    name: String,
    plural: String,
    type_name: Option<String>,
}

/// The types of all tables.
#[derive(Default)]
pub(super) struct Tables {
    tables: Vec<Unnamed>,
    /// By placeholder, in order.
    definitions: Map<String, Value>,
    pub(super) module: Option<String>,
    pub(super) user: Option<User>,
}

impl Tables {
    /// The collection whose rows sign in.
    pub(super) fn users(&self) -> Option<&str> {
        match &self.user {
            Some(User::Row(plural)) => Some(plural),
            Some(User::Schema(_)) | None => None,
        }
    }

    /// The name of a type of the next table.
    pub(super) fn next_placeholder(&self, part: Part) -> String {
        part.placeholder(self.tables.len())
    }

    /// Adds a table with its list request and the filter of that.
    pub(super) fn add(&mut self, table: TableDescription, list: Value, filter: Value) -> Collection {
        let at = self.tables.len();
        let TableDescription { name, plural, type_name, columns, key, row, new, update, .. } = table;
        self.tables.push(Unnamed { name: name.clone(), plural: plural.clone(), type_name });
        let mut define = |part: Part, mut schema: Value| {
            let placeholder = part.placeholder(at);
            each(&mut schema, &mut without_empty_choice);
            self.definitions.insert(placeholder.clone(), schema);
            placeholder
        };
        let example = key_example(&key, [&row].into_iter().chain(update.as_ref()));
        let row = define(Part::Row, row);
        let mut payload = |part, payload: Option<Value>| {
            payload.map(|mut payload| {
                close(&mut payload, "");
                define(part, payload)
            })
        };
        let (new, update) = (payload(Part::New, new), payload(Part::Update, update));
        if !key.is_empty() {
            let mut object = key_type::object(&key);
            object["description"] =
                "The key of a row. Other fields are ignored, so a whole row is accepted.".into();
            object["additionalProperties"] = true.into();
            example.into_iter().for_each(|example| object["examples"] = json!([example]));
            define(Part::Key, object);
        }
        define(Part::List, list);
        define(Part::Where, filter);
        define(Part::Count, payloads::count(&Part::Where.placeholder(at)));
        define(Part::Page, page(&Part::Row.placeholder(at), &key));
        let TableDescription { sent, numbers, bigints, times, version_field: version, embeds, .. } = table;
        let (sent, table) = (sent && !key.is_empty(), Some(at));
        Collection {
            name,
            plural,
            sent,
            columns,
            numbers,
            bigints,
            times,
            key,
            version,
            row,
            new,
            update,
            embeds,
            table,
        }
    }

    /// The definition of a placeholder.
    pub(super) fn get(&self, placeholder: &str) -> Option<&Value> {
        self.definitions.get(placeholder)
    }

    /// Chooses the names, adds the definitions to `all`, and returns the types that the module declares.
    pub(super) fn define(
        mut self,
        all: &mut Map<String, Value>,
        collections: &mut [Collection],
        events: &mut [ClientEvent],
    ) -> Vec<Import> {
        let mut taken = Names::new(all.keys());
        let json = taken.take_one(JSON_NAME);
        let mut renamed = self.names(&mut taken);
        renamed.insert(JSON.to_owned(), json);
        if let Some(user) = self.user.take() {
            let name = self.name_user(user, &mut taken, &renamed);
            renamed.insert(USER.to_owned(), name);
        }
        let imports = self.imports(&mut taken, events);
        let rename = |schema: &mut Value| {
            each(schema, &mut |keywords| redirect(keywords, |name| renamed.get(name).cloned()));
        };
        let unused = self.unused(events);
        self.definitions.insert(JSON.to_owned(), json_definition());
        for (placeholder, schema) in self.definitions {
            if !unused.contains(&placeholder) {
                all.insert(renamed[&placeholder].clone(), schema);
            }
        }
        all.values_mut().for_each(rename);
        events.iter_mut().flat_map(ClientEvent::schemas_mut).for_each(rename);
        for Collection { row, new, update, .. } in collections {
            for name in [Some(row), new.as_mut(), update.as_mut()].into_iter().flatten() {
                renamed.get(name).into_iter().for_each(|renamed| name.clone_from(renamed));
            }
        }
        imports
    }

    /// The names of all types by placeholder. Names that were asked for come first.
    fn names(&self, taken: &mut Names) -> BTreeMap<String, String> {
        let mut tables: Vec<(usize, &Unnamed)> = self.tables.iter().enumerate().collect();
        tables.sort_by_key(|(_, table)| table.type_name.is_none());
        let mut all = BTreeMap::new();
        for (at, table) in tables {
            let asked = table.type_name.clone().filter(|name| is_type_name(name));
            let base = asked.unwrap_or_else(|| pascal(table.type_name.as_deref().unwrap_or(&table.name)));
            let list = pascal(&format!("list_{}", table.plural));
            let names = taken.take(&base, |base, number| {
                Part::ALL.map(|part| part.name(&format!("{base}{number}"), &format!("{list}{number}")))
            });
            all.extend(Part::ALL.map(|part| part.placeholder(at)).into_iter().zip(names));
        }
        all
    }

    /// The name of the type of users, which is defined if it is no table's.
    fn name_user(&mut self, user: User, taken: &mut Names, renamed: &BTreeMap<String, String>) -> String {
        match user {
            User::Row(plural) => {
                let table = self.tables.iter().position(|table| table.plural == plural);
                let table = table
                    .unwrap_or_else(|| panic!("the rows of {plural} sign in, and no table is called so"));
                renamed[&Part::Row.placeholder(table)].clone()
            }
            User::Schema(schema) => {
                self.definitions.insert(USER.to_owned(), schema);
                taken.take_one("User")
            }
        }
    }

    /// Gives the types of JSON columns that have names their names in the file, or removes these.
    fn imports(&mut self, taken: &mut Names, events: &mut [ClientEvent]) -> Vec<Import> {
        let mut imports: Vec<Import> = Vec::new();
        let known = self.module.is_some();
        let mut import = |keywords: &mut Map<String, Value>| {
            let Some(name) = keywords.shift_remove(TYPE_NAME) else { return };
            let Some(name) = name.as_str().filter(|name| known && is_type_name(name)) else { return };
            let local = match imports.iter().find(|import| import.name == name) {
                Some(import) => import.local.clone(),
                None => taken.take_one(name),
            };
            keywords.insert(TYPE_NAME.into(), local.clone().into());
            if imports.iter().all(|import| import.name != name) {
                imports.push(Import { name: name.to_owned(), local });
            }
        };
        self.definitions.values_mut().for_each(|schema| each(schema, &mut import));
        events.iter_mut().flat_map(ClientEvent::schemas_mut).for_each(|schema| each(schema, &mut import));
        imports
    }

    /// Placeholders of types that no event and no other type needs.
    fn unused(&self, events: &[ClientEvent]) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        let schemas = self.definitions.values().chain(events.iter().flat_map(ClientEvent::schemas));
        schemas.for_each(|schema| names(schema, &mut |name| used.extend([name.to_owned()])));
        let always = [Part::Row, Part::New, Part::Update];
        let always = (0..self.tables.len()).flat_map(|at| always.map(|part| part.placeholder(at)));
        used.extend(always.chain([USER.to_owned()]));
        let all = self.definitions.keys().map(String::as_str).chain([JSON]);
        all.filter(|name| !used.contains(*name)).map(ToOwned::to_owned).collect()
    }
}

/// An enumeration of PostgreSQL may have no values; one of JSON Schema has some.
fn without_empty_choice(keywords: &mut Map<String, Value>) {
    if keywords.get("enum").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        keywords.shift_remove("enum");
        keywords.shift_remove("type");
        keywords.insert("not".into(), json!({}));
    }
}
