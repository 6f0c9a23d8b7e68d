//! The wire format of Socket.IO: packets, arguments and encoded frames. No I/O.
//!
//! ```text
//! in    text ─▶ packet ─▶ args
//! out   args ─▶ frame (one encoding for all recipients) ─▶ message (how it is queued)
//! ```

pub(crate) mod args;
pub(crate) mod frame;
pub(crate) mod frame_writer;
pub(crate) mod json;
pub(crate) mod message;
pub(crate) mod packet;
pub(crate) mod payload;
