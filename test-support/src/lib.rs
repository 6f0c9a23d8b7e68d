//! What the tests of several crates share.
//!
//! ```text
//! http      requests by hand, and the numbers of /metrics
//! line      a slow network in front of a server
//! postgres  a private PostgreSQL, or the one of this run
//! ```
//!
//! It knows no crate of the workspace, so that each may use it. A failure is a panic: the caller is a test.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

pub mod http;
pub mod line;
pub mod postgres;

use std::time::Duration;

/// How long anything may take before a test fails; far beyond what a loaded machine needs.
pub const PATIENCE: Duration = Duration::from_secs(30);
