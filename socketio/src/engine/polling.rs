//! Polling: requests, and a later WebSocket, that reach a session from any worker.
//!
//! ```text
//! GET, POST, probe ─▶ SessionRegistry ─▶ PollingHandle ─▶ channel ─▶ PollingTransport, in the session's task
//! ```

mod handle;
mod registry;
mod requests;
mod response;
mod transport;
mod upgraded;

pub(super) use self::{
    handle::{PollingHandle, PollingRequest, Upgraded},
    registry::SessionRegistry,
    requests::{poll, post},
    transport::{Incoming, PollingTransport},
};
