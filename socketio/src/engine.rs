//! Engine.IO v4: sessions from handshake to close, over WebSocket, HTTP polling, and the upgrade between them.
//!
//! ```text
//! http ─▶ request checked ─▶ session's task ◀─▶ session layer (Socket.IO, or plain messages)
//!            websocket: frames    ─▶ │ ─▶ outbox ─▶ writer ─▶ socket
//!            polling:   transport ─▶ │ ─▶ outbox ─▶ payload of the waiting GET
//!            upgrade:   probe     ─▶ │    from the next packet on as a WebSocket
//! ```
//!
//! A session stays on the worker that opened it. Later requests of a polling client, and its WebSocket, may arrive on
//! any worker. They reach the session through its [`polling::PollingHandle`].
//!
//! actix-ws is not used: its `Session` queues, frames and copies each message per client, and waits when its queue is
//! full, so that a client that does not read can neither be skipped nor closed. Its `MessageStream` ends with its own
//! response body, hence the decoder in [`frames`].

mod body;
mod cors;
mod endpoint;
mod error;
pub(crate) mod frames;
mod heartbeat;
mod http;
mod layer;
mod opening;
pub(crate) mod payload;
mod pipe;
mod polling;
mod reader;
mod refusals;
mod request;
mod task;
mod upgrade;
mod violation;
mod writer;

pub(crate) use self::{
    endpoint::{Endpoint, LayerFactory},
    http::handle,
    layer::{Message, SessionError, SessionLayer},
    violation::{BUSY, EXHAUSTED},
};
