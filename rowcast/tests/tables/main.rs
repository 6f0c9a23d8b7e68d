//! Tables that were not made for Rowcast, on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attach;
mod catalog;
mod project;
