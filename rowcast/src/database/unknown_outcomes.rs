//! Requests that were acked with an unknown outcome.
//!
//! If the database is unavailable, a retry of such a request must not be acked with "nothing was written": that is true
//! of the retry alone, not of the first attempt.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// The number of stored ids, newest first.
const CAPACITY: usize = 1024;

/// Ids of such requests on this node.
#[derive(Default)]
pub(crate) struct UnknownOutcomes(Mutex<VecDeque<String>>);

impl UnknownOutcomes {
    pub(crate) fn add(&self, id: &str) {
        let mut outcomes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !outcomes.iter().any(|known| known == id) {
            outcomes.truncate(CAPACITY - 1);
            outcomes.push_front(id.to_owned());
        }
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|known| known == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_ids_are_kept() {
        let outcomes = UnknownOutcomes::default();
        for id in 0..CAPACITY + 10 {
            outcomes.add(&id.to_string());
            outcomes.add(&id.to_string());
        }
        assert!(outcomes.contains("10") && outcomes.contains(&(CAPACITY + 9).to_string()));
        assert!(!outcomes.contains("9") && !outcomes.contains("none"));
    }
}
