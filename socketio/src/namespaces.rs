//! The namespaces of a server, by name and by pattern.

use std::{collections::HashMap, sync::Arc};

use actix_web::dev::{Path, ResourceDef};
use metrics::Histogram;

use crate::{
    config::{Config, Recovery},
    hub::Hub,
    service::ErasedService,
    worker::nsp::Nsp,
};

/// A namespace to add.
pub(crate) struct Definition {
    pub(crate) pattern: ResourceDef,
    pub(crate) service: Arc<dyn ErasedService>,
    pub(crate) handler_seconds: Histogram,
}

impl Definition {
    /// The state of a namespace with this definition.
    fn nsp(&self, name: &str, recovery: Option<&Recovery>, hub: &Hub) -> Nsp {
        Nsp::new(name.into(), self.handler_seconds.clone(), recovery, hub.recovery_bytes())
    }
}

/// Namespaces that clients may connect to: their services. Their state is in the hub.
pub(crate) struct Namespaces {
    pub(crate) config: Config,
    fixed: HashMap<Arc<str>, Arc<dyn ErasedService>>,
    patterns: Vec<Definition>,
}

impl Namespaces {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, fixed: HashMap::new(), patterns: Vec::new() }
    }

    /// Adds a namespace, or a pattern. Of two with the same name, and of two matching patterns, the first one is used.
    pub(crate) fn add(&mut self, hub: &Hub, definition: Definition) {
        let Some(name) = definition.pattern.pattern().filter(|name| !name.contains('{')) else {
            return self.patterns.push(definition);
        };
        if hub.find(name).is_none() {
            hub.insert(definition.nsp(name, self.config.recovery.as_ref(), hub));
        }
        self.fixed.entry(name.into()).or_insert(definition.service);
    }

    /// Adds a namespace that replaces any other of its name.
    #[cfg(feature = "admin")]
    pub(crate) fn replace(&mut self, hub: &Hub, nsp: Nsp, service: Arc<dyn ErasedService>) {
        self.fixed.insert(nsp.name.clone(), service);
        hub.insert(nsp);
    }

    /// Finds or creates the namespace of that name for a session.
    pub(crate) fn acquire(&self, hub: &Hub, name: &str) -> Option<(Arc<Nsp>, Arc<dyn ErasedService>)> {
        if let Some(service) = self.fixed.get(name) {
            return Some((hub.find(name)?, service.clone()));
        }
        let mut path = Path::new(name);
        let one = self.patterns.iter().find(|one| one.pattern.capture_match_info(&mut path))?;
        let nsp = hub.acquire(name, || {
            let params = path.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            one.nsp(name, self.config.recovery.as_ref(), hub).of_pattern(params)
        });
        Some((nsp, one.service.clone()))
    }
}
