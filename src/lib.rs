//! Rowcast: the data backend a front end reaches for instead of REST.
//!
//! # The path of one event
//!
//! ```text
//!  client  emit("new_coach", {…}, ack)
//!    1  socketio             bytes → packet → event                     the session's task, on an actix worker
//!    2  gateway              who asks? which route? decode, all rules at once
//!    3  database             a transaction, on the database's own thread
//!    4  collections/coaches  NewCoach → a draft of a row                pure
//!    5  store                checks, INSERT; the table's trigger writes the change log in the same transaction
//!         ◀──── commit ────
//!    6  live::tail           change log → rows → cache → one frame, encoded once
//!    7  socketio::Hub        into every socket's outbox
//!         ◀──── 2: ack, behind the frame of 6 in the writer's own outbox ────
//! ```
//!
//! Nothing below the gateway sends; nothing above the store queries; nothing reaches clients but through the change
//! log.

pub mod accounts;
pub mod address;
pub mod app;
pub mod auth;
pub mod base_path;
pub mod bounds;
pub mod clock;
pub mod collection;
pub mod collections;
pub mod config;
pub mod context;
pub mod database;
pub mod error;
pub mod gateway;
pub mod health;
pub mod http;
pub mod limits;
pub mod live;
mod log;
pub mod network;
pub mod query;
pub mod registry;
pub mod requests;
pub mod sample;
pub mod store;
pub mod telemetry;
mod turns;
