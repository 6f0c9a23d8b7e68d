//! The state that all sessions of a server share.

use std::{rc::Rc, sync::Arc};

use super::{
    layer::SessionLayer,
    polling::SessionRegistry,
    refusals::{ProxyWarning, RefusalLog},
};
use crate::{
    config::Config,
    hub::Hub,
    session::{handle::SessionHandle, limiter::SessionLimiter, request::Request},
};

/// Creates the layer above a session.
pub(crate) type LayerFactory =
    Box<dyn Fn(&Rc<SessionHandle>, &Rc<Request>) -> Box<dyn SessionLayer> + Send + Sync>;

/// The state that all sessions of a server share.
pub(crate) struct Endpoint {
    pub(crate) config: Config,
    pub(crate) hub: Hub,
    pub(crate) limiter: Arc<SessionLimiter>,
    pub(super) open: LayerFactory,
    pub(super) polling_sessions: Arc<SessionRegistry>,
    pub(super) refusals: RefusalLog,
    pub(super) proxy_warning: ProxyWarning,
}

impl Endpoint {
    pub(crate) fn new(config: Config, hub: Hub, limiter: Arc<SessionLimiter>, open: LayerFactory) -> Self {
        Self {
            config,
            hub,
            limiter,
            open,
            polling_sessions: Arc::default(),
            refusals: RefusalLog::default(),
            proxy_warning: ProxyWarning::default(),
        }
    }
}
