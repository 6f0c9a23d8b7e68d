//! The namespaces of a hub, by name.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLockReadGuard, RwLockWriteGuard},
};

use super::Hub;
use crate::worker::nsp::Nsp;

impl Hub {
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Nsp>> {
        self.namespaces().get(name).cloned()
    }

    /// The current namespaces.
    pub(crate) fn all_namespaces(&self) -> Vec<Arc<Nsp>> {
        self.namespaces().values().cloned().collect()
    }

    pub(crate) fn insert(&self, nsp: Nsp) {
        self.namespaces_mut().insert(nsp.name.clone(), Arc::new(nsp));
    }

    /// Finds or creates a dynamic namespace for a session, and counts the reference.
    pub(crate) fn acquire(&self, name: &str, make: impl FnOnce() -> Nsp) -> Arc<Nsp> {
        let mut namespaces = self.namespaces_mut();
        if let Some(nsp) = namespaces.get(name) {
            nsp.acquire();
            return nsp.clone();
        }
        if namespaces.len() >= namespaces.capacity() {
            // Sweeps before it grows; amortised, each namespace is checked a few times in its life.
            namespaces.retain(|_, nsp| !nsp.is_forgotten());
        }
        let nsp = Arc::new(make());
        nsp.acquire();
        namespaces.insert(nsp.name.clone(), nsp.clone());
        nsp
    }

    /// Removes expired events, and dynamic namespaces that no client can recover.
    pub(crate) fn sweep(&self) {
        self.all_namespaces().iter().for_each(|nsp| nsp.sweep());
        self.namespaces_mut().retain(|_, nsp| !nsp.is_forgotten());
    }

    /// Drops a session's reference to a namespace.
    pub(crate) fn release(&self, nsp: &Nsp) {
        if nsp.is_dynamic() {
            let mut namespaces = self.namespaces_mut();
            nsp.release();
            if nsp.is_forgotten() {
                namespaces.remove(&nsp.name);
            }
        }
    }

    fn namespaces(&self) -> RwLockReadGuard<'_, HashMap<Arc<str>, Arc<Nsp>>> {
        self.0.namespaces.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn namespaces_mut(&self) -> RwLockWriteGuard<'_, HashMap<Arc<str>, Arc<Nsp>>> {
        self.0.namespaces.write().unwrap_or_else(PoisonError::into_inner)
    }
}
