//! Names that live as long as the process.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// The name, stored once. Names of tables and columns are few, and a schema that changes adds few.
pub(super) fn intern(name: &str) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.into());
    names.insert(name);
    name
}
