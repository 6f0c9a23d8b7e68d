//! The keys of a page, in order.

use crate::key::{Key, KeyRef};

/// The keys of consecutive rows. Most collections have numbers only, which need 8 bytes each.
pub(super) enum Keys {
    Numbers(Box<[i64]>),
    Any(Box<[Key]>),
}

impl Keys {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Any(keys) => keys.len(),
        }
    }

    pub(super) fn at(&self, at: usize) -> KeyRef<'_> {
        match self {
            Self::Numbers(numbers) => KeyRef::Number(numbers[at]),
            Self::Any(keys) => keys[at].as_key_ref(),
        }
    }

    /// The index of a key.
    pub(super) fn find(&self, key: KeyRef<'_>) -> Option<usize> {
        match (self, key) {
            (Self::Numbers(numbers), KeyRef::Number(number)) => numbers.binary_search(&number).ok(),
            (Self::Numbers(_), _) => None,
            (Self::Any(keys), key) => keys.binary_search_by(|known| known.as_key_ref().cmp(&key)).ok(),
        }
    }

    /// The memory used besides the value itself.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Numbers(numbers) => size_of_val(&**numbers),
            Self::Any(keys) => size_of_val(&**keys) + keys.iter().map(Key::heap_memory).sum::<usize>(),
        }
    }
}

/// Collects keys in order: numbers, until there is another key.
pub(super) enum KeyList {
    Numbers(Vec<i64>),
    Any(Vec<Key>),
}

impl Default for KeyList {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl KeyList {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.is_empty(),
            Self::Any(keys) => keys.is_empty(),
        }
    }

    pub(super) fn push(&mut self, key: KeyRef<'_>) {
        match (&mut *self, key) {
            (Self::Numbers(numbers), KeyRef::Number(number)) => numbers.push(number),
            (Self::Numbers(numbers), key) => {
                let numbers = std::mem::take(numbers).into_iter().map(Key::Number);
                *self = Self::Any(numbers.chain([key.to_key()]).collect());
            }
            (Self::Any(keys), key) => keys.push(key.to_key()),
        }
    }
}

impl From<KeyList> for Keys {
    fn from(list: KeyList) -> Self {
        match list {
            KeyList::Numbers(numbers) => Self::Numbers(numbers.into()),
            KeyList::Any(keys) => Self::Any(keys.into()),
        }
    }
}
