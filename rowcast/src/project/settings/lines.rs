//! The lines of keys.

use std::collections::BTreeMap;

/// The line of each key and of each text in a list, by its path.
#[derive(Clone, Debug, Default)]
pub(in crate::project) struct Lines(BTreeMap<Vec<String>, usize>);

impl Lines {
    pub(super) fn insert(&mut self, path: &[&str], line: usize) {
        self.0.insert(owned(path), line);
    }

    /// The line of a path, or of the nearest key around it.
    pub(in crate::project) fn of(&self, path: &[&str]) -> Option<usize> {
        let mut path = owned(path);
        while !path.is_empty() {
            if let Some(line) = self.0.get(&path) {
                return Some(*line);
            }
            path.pop();
        }
        None
    }

    /// Whether the file has this key.
    pub(in crate::project) fn has(&self, path: &[&str]) -> bool {
        self.0.contains_key(&owned(path))
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|&key| key.to_owned()).collect()
}
