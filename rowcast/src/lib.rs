//! Rowcast: a data backend over Socket.IO.
//!
//! A product declares collections and events. Rowcast makes a program of them that serves reads, writes, snapshots and
//! live changes over Socket.IO, and provides authentication and a command line. [`Rowcast`] is its builder:
//!
//! ```
//! use rowcast::{Context, Error, Rowcast, registry::TransactionKind};
//! use rowcast_schema::ById;
//!
//! async fn double(_: &Context<'_>, number: ById) -> Result<i64, Error> {
//!     Ok(2 * number.id)
//! }
//!
//! let product = Rowcast::new("doubler").event("double", TransactionKind::Read, double);
//! // In `main`: product.cli().await
//! # let types = product.build().registry.contract().typescript();
//! # assert!(types.contains("double: (...args: EmitArgs<ById, number>) => void;"), "{types}");
//! ```
//!
//! A [`Collection`](trait@Collection) is a table with its payloads and rules. [`Users`] declares
//! its rows as users. A product's [`migration`]s are applied together with the engine's.
//!
//! # The path of one event
//!
//! ```text
//!  client  emit("new_gym", {…}, ack)
//!    1  socketio        bytes → packet → event                     the session's task, on an actix worker
//!    2  gateway         authorisation, route, decoding, validation
//!    3  database        a transaction, on the database's thread
//!    4  the collection  NewGym → a changeset                       pure
//!    5  store           constraints, INSERT; the table's trigger writes the change log in the same transaction
//!         ◀──── commit ────
//!    6  live::tail      change log → rows → cache → one frame, encoded once
//!    7  socketio::Hub   into every socket's outbox
//!         ◀──── 2: ack, behind the frame of 6 in the writer's own outbox ────
//! ```
//!
//! Only the gateway and `live` send; only the store and `live` query; all changes reach clients through the change log.

// Code that is derived in this crate finds it by the name that it has in others.
extern crate self as rowcast;

pub mod accounts;
pub mod address;
pub mod app;
pub mod attach;
pub mod auth;
pub mod base_path;
pub mod bounds;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod collection;
pub mod condition;
pub mod config;
pub mod context;
pub mod database;
mod entity;
pub mod error;
mod fair_queue;
pub mod gateway;
pub mod health;
pub mod http;
pub mod idempotency;
mod intern;
pub mod key;
pub mod limits;
pub mod live;
mod log;
pub mod migration;
pub mod network;
pub mod product;
pub mod project;
mod prune;
pub mod query;
pub mod registry;
pub mod seed;
pub mod start_error;
pub mod store;
mod table_check;
pub mod tables;
pub mod telemetry;
#[cfg(test)]
mod test_database;
pub mod users;
pub mod version;

pub use collection::Collection;
pub use context::Context;
pub use database::Transaction;
pub use error::Error;
pub use key::{Key, KeyPart};
pub use product::{Product, Rowcast};
#[doc(inline)]
pub use rowcast_derive::Collection;
pub use users::Users;

/// Compiles the example of the derive.
#[cfg(doctest)]
#[doc = include_str!("../derive/src/collection.md")]
struct DeriveExample;

// What derived code and products are written with, in the versions that the engine has.
pub use rowcast_schema as schema;
pub use serde_json::{Value as Json, json};
pub use {schemars, sea_orm, sea_orm_migration, serde, validator};
