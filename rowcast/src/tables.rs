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
//! not of columns. No digit is lost either way: see `value_type`.

mod accounts;
mod altered;
mod attachment;
mod chosen;
mod collection;
mod constraints;
mod count;
mod decimal;
mod decode;
mod definition;
mod describe;
mod embed;
mod evaluate;
mod field;
mod filter;
mod list;
mod load;
mod logged_key;
mod numbering;
mod operand;
mod payload;
mod read;
mod rules;
mod sql;
mod sqlite_value;
mod stamp;
mod stored_forms;
mod stored_row;
mod sync;
mod temporal;
mod time_form;
mod uuid_form;
mod value_type;
mod watch;
mod write;

pub(crate) use accounts::registry_of_operator;
pub(crate) use attachment::registry;
pub use attachment::{Attachment, attach, detach, preview};
pub use chosen::ChosenNames;
pub use watch::ProjectHandle;
pub(crate) use watch::Watcher;

use crate::catalog::ColumnType;

/// Whether values of a type have a form of their own. Columns of others are hidden, unless they are asked for.
pub(crate) fn has_form(column_type: &ColumnType) -> bool {
    value_type::ValueType::of(column_type, false, true).is_some()
}

/// Whether a primary key of such columns identifies rows on clients.
pub(crate) fn identifies_rows(column_type: &ColumnType) -> bool {
    value_type::ValueType::of(column_type, false, false).is_some_and(|of| of.is_key())
}
