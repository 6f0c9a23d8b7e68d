//! Ids that are the same as their neighbours to JavaScript. Other programs may give out such; clients are shown them
//! all the same.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use rowcast_schema::is_safe_integer;

use crate::collection::{Collection, Model, id_of};

/// Says in the log, once for each collection, that there are some.
pub(crate) fn warn<C: Collection>(models: &[Model<C>]) {
    static SAID: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let Some(id) = models.iter().map(id_of::<C>).find(|id| !is_safe_integer(*id)) else { return };
    let (collection, mut said) = (C::PLURAL, SAID.lock().unwrap_or_else(PoisonError::into_inner));
    if said.insert(collection) {
        tracing::warn!(collection, id, "ids beyond 2^53 are the same as their neighbours to JavaScript");
    }
}
