//! The key by which writes are divided between writers.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::key::Key;

/// The row that a write changes. Writes with equal keys run one after another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionKey {
    table: &'static str,
    key: Key,
}

impl PartitionKey {
    /// The key of one row of a table.
    #[must_use]
    pub fn row(table: &'static str, key: impl Into<Key>) -> Self {
        Self { table, key: key.into() }
    }

    /// The index of the writer, of this many, that runs all writes with this key.
    pub(super) fn writer(&self, writers: usize) -> usize {
        let mut hash = DefaultHasher::new();
        self.hash(&mut hash);
        (hash.finish() % writers as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::sample;

    #[test]
    fn rows_are_divided_between_all_writers() {
        let writer = |key: Key| PartitionKey::row("coaches", key).writer(4);
        for kind in 0..3 {
            let writers = || (1..100).map(|number| writer(sample(kind, number)));
            assert!((0..4).all(|wanted| writers().any(|writer| writer == wanted)));
            assert!(writers().eq(writers()) && writers().all(|writer| writer < 4));
        }
    }
}
