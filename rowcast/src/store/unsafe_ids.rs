//! Ids beyond 2^53, which JavaScript does not distinguish. Other programs may insert them; clients receive them
//! nevertheless.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use rowcast_schema::is_safe_integer;

use crate::collection::{Collection, Model, id_of};

/// Logs a warning, once for each collection.
pub(crate) fn warn<C: Collection>(models: &[Model<C>]) {
    static WARNED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let Some(id) = models.iter().map(id_of::<C>).find(|id| !is_safe_integer(*id)) else { return };
    let (collection, mut warned) = (C::NAME, WARNED.lock().unwrap_or_else(PoisonError::into_inner));
    if warned.insert(collection) {
        tracing::warn!(collection, id, "JavaScript cannot distinguish ids beyond 2^53 from their neighbours");
    }
}
