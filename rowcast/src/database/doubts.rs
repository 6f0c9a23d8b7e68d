//! Requests of which it was said that it is not known whether they were carried out.
//!
//! A repeat of such a request must not be answered with "nothing was written" because the database is out of reach: that
//! would be said of the repeat, and taken for the first.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// How many are remembered, newest first.
const REMEMBERED: usize = 1024;

/// The ids of these requests, on this node.
#[derive(Default)]
pub(crate) struct Doubts(Mutex<VecDeque<String>>);

impl Doubts {
    /// Notes one.
    pub(crate) fn note(&self, id: &str) {
        let mut doubts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !doubts.iter().any(|known| known == id) {
            doubts.truncate(REMEMBERED - 1);
            doubts.push_front(id.to_owned());
        }
    }

    /// Whether it is one of them.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|known| known == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered() {
        let doubts = Doubts::default();
        for id in 0..REMEMBERED + 10 {
            doubts.note(&id.to_string());
            doubts.note(&id.to_string());
        }
        assert!(doubts.has("10") && doubts.has(&(REMEMBERED + 9).to_string()));
        assert!(!doubts.has("9") && !doubts.has("none"));
    }
}
