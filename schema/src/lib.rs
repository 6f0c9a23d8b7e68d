//! What any product says over the wire: payloads and their rules, acks, errors, requests, and the schema of all that.
//!
//! ```text
//! payload ─▶ Form ─▶ NewGym ─▶ its rules ─▶ the server
//!              └─▶ FieldErrors ◀───┘
//! ack ◀─ Ack ◀─ Gym | FieldErrors
//! ```
//!
//! Forms are read leniently ([`Form`]) and judged strictly (`validator`), and all that is wrong with one is said at
//! once ([`decode`]). Rows and payloads are a product's own. Nothing in this crate knows of sockets or of a database.

mod ack;
mod by_id;
pub mod contract;
mod field_errors;
#[cfg(test)]
mod fixture;
mod form;
mod json;
pub mod keys;
mod list_request;
mod login;
mod nearest;
mod number;
mod options;
mod payload;
mod reference;
pub mod rules;
mod scalar;
mod set_password;
mod told;
pub mod username;
mod visible;

pub use ack::Ack;
pub use by_id::ById;
pub use field_errors::{FieldErrors, shortened};
pub use form::Form;
pub use list_request::{Condition, ListRequest, Op, Sort};
pub use login::{Login, SignedIn};
pub use nearest::nearest;
pub use number::{MAX_SAFE_INTEGER, is_safe_integer};
pub use options::Options;
pub use payload::{Invalid, MAX_DEPTH, Payload, decode, read};
pub use reference::Ref;
pub use scalar::Scalar;
pub use set_password::SetPassword;
pub use told::{Access, Auth, Author, Authored, Connected, Position, Schemas, SignedOut, Withheld};
