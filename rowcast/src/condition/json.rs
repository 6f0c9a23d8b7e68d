//! Values in the JSON of rows.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The fields of an object, in its order; none of any other value.
pub(crate) fn fields(json: &RawValue) -> Vec<(Cow<'_, str>, &RawValue)> {
    serde_json::from_str(json.get()).map_or_else(|_| Vec::new(), |Fields(fields)| fields)
}

/// A field of an object.
pub(crate) fn field<'j>(json: &'j RawValue, name: &str) -> Option<&'j RawValue> {
    fields(json).into_iter().find(|(field, _)| field == name).map(|(_, json)| json)
}

/// The text of a value: that of a string without its quotes. None of null.
pub(crate) fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    match json.get() {
        "null" => None,
        string if string.starts_with('"') => serde_json::from_str(string).ok().map(|Name(text)| text),
        other => Some(other.into()),
    }
}

/// Whether a value is a string.
pub(crate) fn is_string(json: &RawValue) -> bool {
    json.get().starts_with('"')
}

/// The values of a list and of the lists in it, in order.
pub(crate) fn for_each_entry<'j>(json: &'j RawValue, visit: &mut impl FnMut(&'j RawValue)) {
    if !json.get().starts_with('[') {
        return visit(json);
    }
    let entries: Vec<&RawValue> = serde_json::from_str(json.get()).unwrap_or_default();
    entries.into_iter().for_each(|entry| for_each_entry(entry, visit));
}

struct Fields<'j>(Vec<(Cow<'j, str>, &'j RawValue)>);

#[derive(Deserialize)]
struct Name<'j>(#[serde(borrow)] Cow<'j, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some((Name(name), value)) = map.next_entry()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
