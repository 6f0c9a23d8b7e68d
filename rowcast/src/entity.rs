//! The engine's own tables.
//!
//! One file per table, in the singular. Ids are given out by the database. Every number has 64 bits: SQLite knows no others, and a column
//! must read alike on both databases.

#![allow(unreachable_pub, reason = "SeaORM derives public items")]

pub(crate) mod request;
pub(crate) mod token;
pub(crate) mod user_address;
