//! State of one Engine.IO session that its task, its writer and its sockets share.
//!
//! ```text
//! local ─▶ handle ─▶ outbox ─▶ connection
//!  ▲         └─────▶ limiter: the session's permit, and the rates of its address and owner
//!  └──── a handle knows the list that it stands in, to be written to in its batches
//! ```

pub(crate) mod backlog;
pub(crate) mod bucket;
pub(crate) mod connection;
pub(crate) mod handle;
pub(crate) mod limiter;
pub(crate) mod local;
pub(crate) mod outbox;
pub(crate) mod ping;
pub(crate) mod request;
