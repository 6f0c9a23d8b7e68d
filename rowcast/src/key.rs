//! Keys of rows, where the type of the table is erased.
//!
//! ```text
//! Key: a number                    stored in place
//!      a text                      behind a thin pointer
//!      values of several columns   behind a thin pointer
//! ```
//!
//! A key has 16 bytes, and a clone allocates nothing. A fat pointer would save one allocation for each text, but make
//! every key 24 bytes, and most keys are numbers.

mod borrowed;
mod column;
mod json;

use std::{
    fmt::{self, Debug, Display},
    sync::Arc,
};

pub(crate) use borrowed::KeyRef;
pub use column::{KeyColumn, KeyForm};
pub use json::NamedKey;

/// The primary key of a row, unique in its collection.
///
/// Numbers are ordered by value, text by code point, and several columns one after another. The database must read rows
/// in the same order: text in the collation `C` of PostgreSQL or `BINARY` of SQLite. A UUID is its lower-case text,
/// which has the order of its bytes.
///
/// Keys of one table are of one kind. Across kinds, numbers come before text, and text before several columns.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The value of an integer column.
    Number(i64),
    /// The value of a column of text, or of UUIDs.
    Text(Arc<Box<str>>),
    /// The values of several columns, in the order of the primary key.
    Columns(Arc<Box<[KeyPart]>>),
}

/// The value of one of several columns of a key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPart {
    /// The value of an integer column.
    Number(i64),
    /// The value of a column of text, or of UUIDs.
    Text(Box<str>),
}

/// The reference counts beside a shared value.
const COUNTS: usize = 2 * size_of::<usize>();

impl Key {
    /// The value, if the key is a number.
    #[must_use]
    pub fn as_number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) | Self::Columns(_) => None,
        }
    }

    /// The key as a field of the log: a number stays a number.
    pub(crate) fn as_field(&self) -> Box<dyn tracing::Value> {
        match self {
            Self::Number(number) => Box::new(*number),
            Self::Text(_) | Self::Columns(_) => Box::new(self.to_string()),
        }
    }

    /// The memory that the key uses besides its own 16 bytes; its clones share it.
    pub(crate) fn heap_memory(&self) -> usize {
        let of_part = |part: &KeyPart| match part {
            KeyPart::Number(_) => 0,
            KeyPart::Text(text) => text.len(),
        };
        match self {
            Self::Number(_) => 0,
            Self::Text(text) => COUNTS + size_of::<Box<str>>() + text.len(),
            Self::Columns(parts) => {
                let texts: usize = parts.iter().map(of_part).sum();
                COUNTS + size_of::<Box<[KeyPart]>>() + size_of_val(&***parts) + texts
            }
        }
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(Arc::new(text.into()))
    }
}

impl From<Vec<KeyPart>> for Key {
    fn from(parts: Vec<KeyPart>) -> Self {
        Self::Columns(Arc::new(parts.into()))
    }
}

impl From<i64> for KeyPart {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for KeyPart {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// For messages: `7`, `north` or `(7, north)`.
impl Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => Display::fmt(number, f),
            Self::Text(text) => Display::fmt(text, f),
            Self::Columns(parts) => {
                let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                write!(f, "({})", parts.join(", "))
            }
        }
    }
}

impl Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => Display::fmt(number, f),
            Self::Text(text) => Display::fmt(text, f),
        }
    }
}

/// For lists in the log: `7`, `"north"` or `(7, "north")`. The quotes show where a text ends.
impl Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => Debug::fmt(number, f),
            Self::Text(text) => Debug::fmt(text, f),
            Self::Columns(parts) => {
                let mut tuple = f.debug_tuple("");
                for part in parts.iter() {
                    tuple.field(part);
                }
                tuple.finish()
            }
        }
    }
}

impl Debug for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => Debug::fmt(number, f),
            Self::Text(text) => Debug::fmt(text, f),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
