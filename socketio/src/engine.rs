//! Engine.IO v4: sessions, from handshake to close.
//!
//! ```text
//! payload ─▶ frames ─▶ session ─▶ namespace's inbox
//! response body ◀───── outbox ◀── namespace, hub
//! ```
//!
//! The 101 response streams ready frames straight from the session's outbox. actix-ws is not used because its
//! `Session` queues, frames and copies each message per client, and waits when its queue is full, so that a client that
//! does not read can neither be skipped nor closed. Its `MessageStream` ends with its own response
//! body, hence the decoder in [`frames`].

mod body;
mod frames;
mod handshake;
mod heartbeat;
mod session;

pub(crate) use self::handshake::{Request, open};
