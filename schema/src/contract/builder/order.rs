//! The order of definitions.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::super::{
    ClientEvent, Collection, HANDSHAKE_AUTH, REQUEST_OPTIONS,
    definitions::{gather, names},
};
use crate::ListRequest;

/// Definitions in reading order: each after the first that refers to it.
pub(super) fn ordered(
    all: &Map<String, Value>,
    collections: &[Collection],
    events: &[ClientEvent],
) -> Map<String, Value> {
    let mut ordered = Map::new();
    for name in collections.iter().flat_map(Collection::types) {
        gather(name, all, &mut ordered);
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
