//! The marks of the log's entries by their numbers. A mark takes four bytes, because the numbers of a log are
//! consecutive except where entries are missing.

/// The marks of entries, which are added from the newest to the oldest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    runs: Vec<Run>,
}

/// Entries with consecutive numbers, from `newest` downwards.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    newest: u64,
    marks: Vec<u32>,
}

impl Run {
    fn mark(&self, number: u64) -> Option<u32> {
        let at = usize::try_from(self.newest.checked_sub(number)?).ok()?;
        self.marks.get(at).copied()
    }
}

impl Marks {
    /// Adds the entry before all others.
    pub(super) fn push(&mut self, number: u64, mark: u32) {
        let is_next = |run: &Run| run.newest.checked_sub(number) == Some(run.marks.len() as u64);
        match self.runs.last_mut() {
            Some(run) if is_next(run) => run.marks.push(mark),
            _ => self.runs.push(Run { newest: number, marks: vec![mark] }),
        }
    }

    /// Releases memory that was reserved for more entries.
    pub(super) fn shrink(&mut self) {
        self.runs.iter_mut().for_each(|run| run.marks.shrink_to_fit());
        self.runs.shrink_to_fit();
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.runs.iter().map(|run| run.marks.len()).sum()
    }

    /// The mark of the entry with this number.
    pub(super) fn get(&self, number: u64) -> Option<u32> {
        let at = self.runs.partition_point(|run| run.newest >= number).checked_sub(1)?;
        self.runs[at].mark(number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::btree_map, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn marks_are_found_by_number_and_no_other(all in btree_map(0_u64..40, any::<u32>(), 0..40)) {
            let mut marks = Marks::default();
            all.iter().rev().for_each(|(number, mark)| marks.push(*number, *mark));
            marks.shrink();
            prop_assert_eq!(marks.len(), all.len());
            let found: BTreeMap<u64, u32> =
                (0..=40).filter_map(|number| Some((number, marks.get(number)?))).collect();
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn consecutive_numbers_share_one_run() {
        let mut marks = Marks::default();
        (1..=1000).rev().for_each(|number| marks.push(number, 7));
        assert_eq!(marks.runs.len(), 1);
        marks.push(0, 7);
        assert_eq!((marks.runs.len(), marks.len()), (1, 1001));
    }
}
