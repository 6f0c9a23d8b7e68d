//! Support for the tests of several crates.
//!
//! ```text
//! http      raw requests, and the values of /metrics
//! line      a slow network in front of a server
//! postgres  a private PostgreSQL, or the shared one of this run
//! ```
//!
//! It depends on no crate of the workspace, so that each may use it. A failure is a panic.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

pub mod http;
pub mod line;
pub mod postgres;

use std::time::Duration;

/// Timeout of every wait; far beyond what a loaded machine needs.
pub const TIMEOUT: Duration = Duration::from_secs(30);
