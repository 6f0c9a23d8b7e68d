//! Versions of rows, opaque to clients.

use serde::Serialize;

/// What differs whenever the row does. Versions are compared for equality alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Version {
    /// The value of a column that is incremented.
    Number(i64),
    /// A derived version.
    Text(Box<str>),
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}
