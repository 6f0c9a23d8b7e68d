//! The polling sessions of a server, by id.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc;

use super::handle::{PollingHandle, PollingRequest};
use crate::{id::Sid, session::handle::SessionHandle};

/// Requests that may wait for a busy session; further ones wait at the sender.
const QUEUE_CAPACITY: usize = 4;

/// Sessions that began with polling, by id.
#[derive(Default)]
pub(in crate::engine) struct SessionRegistry(Mutex<HashMap<Sid, PollingHandle>>);

impl SessionRegistry {
    /// Adds a session, until its entry is dropped.
    pub(super) fn add(
        self: &Arc<Self>,
        session: &SessionHandle,
    ) -> (mpsc::Receiver<Box<PollingRequest>>, RegistryEntry) {
        // The channel has room for 32 items from its start on, so the requests are boxed.
        let (requests, receiver) = mpsc::channel(QUEUE_CAPACITY);
        let sid = session.sid;
        self.lock().insert(sid, PollingHandle::new(session, requests));
        (receiver, RegistryEntry { registry: self.clone(), sid })
    }

    pub(in crate::engine) fn find(&self, sid: &str) -> Option<PollingHandle> {
        self.lock().get(&Sid::parse(sid)?).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, PollingHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct RegistryEntry {
    registry: Arc<SessionRegistry>,
    sid: Sid,
}

impl Drop for RegistryEntry {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.sid);
    }
}
