//! Borrowed keys.

use std::{
    fmt::{self, Debug},
    sync::Arc,
};

use super::{Key, KeyPart};

/// A borrowed [`Key`], with the same order. A list of numbers can be read as such keys without a copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyRef<'a> {
    Number(i64),
    Text(&'a Arc<Box<str>>),
    Columns(&'a Arc<Box<[KeyPart]>>),
}

impl Key {
    pub(crate) fn as_key_ref(&self) -> KeyRef<'_> {
        match self {
            Self::Number(number) => KeyRef::Number(*number),
            Self::Text(text) => KeyRef::Text(text),
            Self::Columns(parts) => KeyRef::Columns(parts),
        }
    }
}

impl KeyRef<'_> {
    /// The key, which shares what is behind the pointer.
    pub(crate) fn to_key(self) -> Key {
        match self {
            Self::Number(number) => Key::Number(number),
            Self::Text(text) => Key::Text(text.clone()),
            Self::Columns(parts) => Key::Columns(parts.clone()),
        }
    }
}

impl Debug for KeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.to_key(), f)
    }
}
