//! Collections without Rust: tables of a database, from its catalog.
//!
//! ```text
//! catalog::Table ─▶ Definition: names, fields, key, version ─┬─▶ describe: schemas of its rows and payloads
//!                                                            ├─▶ payload:  JSON → values, with the errors of all fields
//!                                                            ├─▶ read:     rows as clients receive them
//!                                                            └─▶ write:    insert, update, delete
//! ```
//!
//! PostgreSQL makes the JSON of a row itself; rows of SQLite are encoded here, because its types are those of values,
//! not of columns. No digit is lost either way: see [`value_type`].

mod altered;
mod attachment;
mod collection;
mod constraints;
mod decimal;
mod decode;
mod definition;
mod describe;
mod field;
mod intern;
mod list;
mod load;
mod numbering;
mod payload;
mod read;
mod rules;
mod sql;
mod sqlite_value;
mod stored_row;
mod sync;
mod temporal;
mod value_type;
mod watch;
mod write;

pub(crate) use attachment::registry;
pub use attachment::{Attachment, attach, detach, preview};
pub use watch::ProjectHandle;
pub(crate) use watch::Watcher;
