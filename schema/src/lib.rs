//! Messages of the wire: payloads and their rules, acks, errors, requests, and their schema.
//!
//! ```text
//! payload ─▶ Form ─▶ NewGym ─▶ its rules ─▶ the server
//!              └─▶ FieldErrors ◀───┘
//! ack ◀─ Ack ◀─ Gym | FieldErrors
//! ```
//!
//! Forms are read leniently ([`Form`]) and validated strictly (`validator`); one response reports all errors of a
//! payload ([`decode`]). The fields of a [`DynamicForm`] are known at run time. A product defines its rows and payloads.
//! This crate uses neither sockets nor a database.

mod ack;
mod batch;
mod by_id;
pub mod contract;
mod count_request;
mod dynamic_form;
mod field_errors;
mod filter;
#[cfg(test)]
mod fixture;
mod form;
pub mod keys;
pub mod lenient;
mod list_request;
mod login;
mod messages;
mod number;
mod payload;
mod reference;
mod request_options;
pub mod rules;
mod scalar;
mod set_password;
mod suggest;
pub mod username;
mod visible;

pub use ack::Ack;
pub use batch::MAX_BATCH;
pub use by_id::ById;
pub use count_request::CountRequest;
pub use dynamic_form::DynamicForm;
pub use field_errors::{FieldErrors, shortened};
pub use filter::{Condition, Filter, Op};
pub use form::Form;
pub use list_request::{ListRequest, Sort};
pub use login::{Login, SignedIn};
pub use messages::{
    AccessMode, Author, Authored, Connected, HandshakeAuth, SchemaHashes, SignedOut, SnapshotMeta, Withheld,
};
pub use number::{MAX_SAFE_INTEGER, is_safe_integer};
pub use payload::{MAX_DEPTH, Payload, PayloadError, decode, read};
pub use reference::Ref;
pub use request_options::RequestOptions;
pub use scalar::Scalar;
pub use set_password::SetPassword;
pub use suggest::suggest;
