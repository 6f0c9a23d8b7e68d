//! What the Socket.IO server is measured with, beside others and beside bare tokio.
//!
//! ```text
//!           ┌ broadcast  stalled ── flights ┐
//!  sockets ─┤ echo                          ├── client ── stream, wire ──▶ a server
//!           └ connect  memory ───── crowd ──┘└─ polling ── http ──────────▶
//!  sockets bare (nothing but tokio)      sockets report (the table)
//! ```
//!
//! Every server does the same: `echo` is acked with its own argument, and `broadcast` sends its
//! argument as `news` to everyone and is then acked with `true`. A run fails where a server does otherwise.

use std::net::SocketAddr;

use crate::figures::Subject;

pub mod bare;
pub mod broadcast;
pub mod client;
pub mod connect;
pub mod crowd;
pub mod echo;
pub mod flights;
pub mod http;
pub mod memory;
pub mod packet;
pub mod payload;
pub mod polling;
pub mod report;
pub mod stalled;

/// The server of a run, and how the run is named in its results.
#[derive(Clone, Debug, clap::Args)]
pub struct Target {
    /// Where the server listens.
    #[arg(long)]
    pub server: SocketAddr,
    /// What is measured, as the report names it.
    #[arg(long, default_value = "server")]
    pub label: String,
    /// Which round of an interleaved run this is.
    #[arg(long, default_value_t = 0)]
    pub round: u32,
    /// The server's process, to read its CPU time and memory.
    #[arg(long)]
    pub pid: Option<u32>,
}

impl Target {
    /// What the results are of.
    pub fn subject(&self) -> Subject {
        Subject { label: self.label.clone(), round: self.round, rows: 0, pid: self.pid, db_pid: None }
    }
}
