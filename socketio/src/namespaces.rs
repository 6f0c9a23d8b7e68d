//! The namespaces of a server, by name and by pattern.

use std::sync::{Arc, atomic::AtomicUsize};

use actix_web::dev::ResourceDef;
use metrics::Histogram;

use crate::{config::Config, hub::Hub, service::ErasedService, worker::nsp::Nsp};

pub(crate) struct Definition {
    pub(crate) pattern: ResourceDef,
    pub(crate) service: Arc<dyn ErasedService>,
    pub(crate) handler_seconds: Histogram,
}

/// Namespaces that clients may connect to.
pub(crate) struct Namespaces {
    pub(crate) config: Config,
    pub(crate) patterns: Vec<Definition>,
}

impl Namespaces {
    /// Finds or creates the namespace of that name for a session.
    pub(crate) fn acquire(&self, hub: &Hub, name: &str) -> Option<Arc<Nsp>> {
        hub.acquire(name, || self.create(name, hub.recovery_bytes()))
    }

    fn create(&self, name: &str, recovery_bytes: Arc<AtomicUsize>) -> Option<Nsp> {
        let mut path = actix_web::dev::Path::new(name);
        let one = self.patterns.iter().find(|one| one.pattern.capture_match_info(&mut path))?;
        let params = path.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let recovery = self.config.recovery.as_ref();
        let nsp =
            Nsp::new(name.into(), one.service.clone(), one.handler_seconds.clone(), recovery, recovery_bytes);
        Some(nsp.of_pattern(params))
    }
}
