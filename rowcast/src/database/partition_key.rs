//! The key by which writes are divided between writers.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The row that a write changes. Writes with equal keys run one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartitionKey {
    table: &'static str,
    id: i64,
}

impl PartitionKey {
    /// The key of one row of a table.
    #[must_use]
    pub fn row(table: &'static str, id: i64) -> Self {
        Self { table, id }
    }

    /// The index of the writer, of this many, that runs all writes with this key.
    pub(super) fn writer(self, writers: usize) -> usize {
        let mut hash = DefaultHasher::new();
        self.hash(&mut hash);
        (hash.finish() % writers as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_divided_between_all_writers() {
        let writer = |id| PartitionKey::row("coaches", id).writer(4);
        assert!((0..4).all(|wanted| (1..100).any(|id| writer(id) == wanted)));
        assert!((1..100).all(|id| writer(id) == writer(id) && writer(id) < 4));
    }
}
