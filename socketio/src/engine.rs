//! Engine.IO v4: sessions, from handshake to close, by WebSocket, by HTTP polling, and from one to the other.
//!
//! ```text
//! http ─▶ request checked ─▶ session's task ◀─▶ upper layer (Socket.IO, or a bare echo)
//!            websocket: frames ─▶ │ ─▶ outbox ─▶ writer ─▶ socket
//!            polling: desk     ─▶ │ ─▶ outbox ─▶ payload of the waiting GET
//!            upgrade: probe    ─▶ │    from the next packet on as a WebSocket
//! ```
//!
//! A session lives on the worker that opened it. Requests of a polling client, and its later WebSocket, may come in on
//! any worker: they reach the session through its [`polling::Handle`].
//!
//! actix-ws is not used because its `Session` queues, frames and copies each message per client, and waits when its queue is
//! full, so that a client that does not read can neither be skipped nor closed. Its `MessageStream` ends with its own
//! response body, hence the decoder in [`frames`].

mod body;
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
mod writer;

pub(crate) use self::{
    frames::{BUSY, EXHAUSTED},
    http::{Endpoint, Open, handle},
    layer::{Message, SessionError, SessionLayer},
    request::Request,
};
