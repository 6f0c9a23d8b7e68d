//! Tables without Rust: the program `rowcast` on a database of ours, beside the same product in Rust.
//!
//! ```text
//!           ┌ fill ─────────────▶ a database
//!  tables ──┤ attach  ready ────▶ the program, started and timed
//!           └ updates ──────────▶ a server whose table is only listed
//! ```
//!
//! The tables have the planner's names and columns, so what else is measured is what [`loadgen`](crate) does already.

pub mod fill;
pub mod start;
pub mod updates;
