//! State of one Engine.IO session that its task, its writer and its sockets share.
//!
//! ```text
//! handle ─▶ outbox ─▶ connection
//!    └────▶ limiter: the session's permit, and the rates of its address and owner
//! ```

pub(crate) mod bucket;
pub(crate) mod connection;
pub(crate) mod handle;
pub(crate) mod limiter;
pub(crate) mod outbox;
pub(crate) mod request;
