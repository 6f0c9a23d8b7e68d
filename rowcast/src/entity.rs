//! Entities of the engine's tables.
//!
//! One file per table, in the singular. The database generates ids. All integers have 64 bits, as in SQLite, so that a
//! column has the same type on both databases.

#![allow(unreachable_pub, reason = "SeaORM derives public items")]

pub(crate) mod request;
pub(crate) mod token;
pub(crate) mod user_address;
