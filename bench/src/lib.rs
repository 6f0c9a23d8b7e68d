//! What rowcast is measured with: a load generator that plays its clients, and the bare
//! limits its figures stand beside.
//!
//! ```text
//!            ┌ seed ── record ┐
//!  loadgen ──┤ writes         ├── client ── message ── stream, wire ──▶ a server
//!            └ fanout  connect┘      │
//!                  └── figures ◀─────┴── process (CPU and memory, from /proc)
//!  limits ──── bare (replay)   database (SQLite, PostgreSQL)
//! ```
//!
//! The generator shares the machine with the server it measures, so it is built to be cheap:
//! one thread, one read buffer for all clients, and payloads are never decoded. A message is
//! known by its first bytes; what a snapshot shows is read off its [`marker`]s.
//!
//! What it costs to keep many screens live is measured by [`live`], tables without Rust by [`tables`], the Socket.IO
//! server alone by [`sockets`].

pub mod bare;
pub mod check;
pub mod client;
pub mod connect;
pub mod database;
pub mod fanout;
pub mod figures;
pub mod live;
pub mod load;
pub mod marker;
pub mod message;
pub mod planner;
pub mod process;
pub mod record;
pub mod replay;
pub mod report;
pub mod seed;
pub mod sockets;
mod stream;
pub mod tables;
pub mod wire;
pub mod writes;

/// What can go wrong here is shown to a person and ends the run: no caller distinguishes errors.
pub type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
