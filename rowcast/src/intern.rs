//! Names that live as long as the process.

use std::{
    collections::HashSet,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use crate::key::KeyColumn;

/// Values that are stored once. Names of tables and columns are few, and a schema that changes adds few.
type Interned<T> = Mutex<Option<HashSet<&'static T>>>;

/// The name, stored once.
pub(crate) fn intern(name: &str) -> &'static str {
    static NAMES: Interned<str> = Mutex::new(None);
    find_or_leak(&NAMES, name, |name| name.into())
}

/// The columns of a key, stored once.
pub(crate) fn intern_columns(columns: &[KeyColumn]) -> &'static [KeyColumn] {
    static COLUMNS: Interned<[KeyColumn]> = Mutex::new(None);
    find_or_leak(&COLUMNS, columns, |columns| columns.into())
}

fn find_or_leak<T: Eq + Hash + ?Sized>(
    interned: &Interned<T>,
    value: &T,
    boxed: fn(&T) -> Box<T>,
) -> &'static T {
    let mut all = interned.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    if let Some(known) = all.get(value) {
        return known;
    }
    let value: &'static T = Box::leak(boxed(value));
    all.insert(value);
    value
}
