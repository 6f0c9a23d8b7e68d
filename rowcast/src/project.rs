//! A project without Rust: migrations in SQL.
//!
//! ```text
//! migrations/*.sql ─▶ migrations::apply ─▶ tables
//! ```
//!
//! All parts report every [`Mistake`] that they find, not the first alone.

pub mod migrations;
mod mistake;
mod reset;

pub use mistake::Mistake;
pub use reset::{Confirmed, reset};
