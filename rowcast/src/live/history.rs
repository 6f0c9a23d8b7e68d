//! What changed lately, by group of commits: from here a client is told what it has missed, without a query.
//!
//! ```text
//! group 7 │ group 8 │ group 9 …        each: entries (transaction, collection, row), and the position after them
//! ```
//!
//! It holds which rows changed, not how: whoever resumes is sent them as they are now.

use std::collections::{BTreeSet, VecDeque};

use super::position::Position;

/// That a transaction changed a row of the collection at that place of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    /// [`UNKNOWN_TRANSACTION`] if it is not known which one of its group it was.
    pub(super) transaction: u64,
    pub(super) collection_index: u16,
    pub(super) id: i64,
}

/// No position has seen this one.
pub(super) const UNKNOWN_TRANSACTION: u64 = u64::MAX;

/// Which rows changed, by the place of their collection.
pub(super) type ChangedRows = BTreeSet<(u16, i64)>;

struct ChangeBatch {
    number: u64,
    after: Position,
    changes: Vec<Change>,
}

/// The newest groups, up to a number of changes.
pub(super) struct History {
    batches: VecDeque<ChangeBatch>,
    changes: usize,
    limit: usize,
    /// Positions whose horizon is below this may have missed what is not here any more.
    floor: u64,
    /// Who has been sent every group up to this number can be told of all that follow.
    since: u64,
}

impl History {
    /// One that begins after the group `since`; of that one and those before it nothing is known.
    pub(super) fn new(limit: usize, floor: u64, since: u64) -> Self {
        Self { batches: VecDeque::new(), changes: 0, limit, floor, since }
    }

    /// Forgets all, and begins after the group `since`.
    pub(super) fn restart(&mut self, floor: u64, since: u64) {
        *self = Self::new(self.limit, floor, since);
    }

    /// Adds a group, and forgets the oldest beyond the limit. Several groups may have one number.
    pub(super) fn push(&mut self, number: u64, after: Position, changes: Vec<Change>) {
        self.changes += changes.len();
        self.batches.push_back(ChangeBatch { number, after, changes });
        // The last one stays, however large it is.
        while self.changes > self.limit && self.batches.len() > 1 {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.changes -= oldest.changes.len();
            self.floor = self.floor.max(oldest.after.next());
            self.since = self.since.max(oldest.number);
        }
    }

    /// How many changes it holds.
    pub(super) fn len(&self) -> usize {
        self.changes
    }

    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// What a client has missed that has seen everything up to a position, if that is still known.
    pub(super) fn since(&self, position: &Position) -> Option<ChangedRows> {
        if position.horizon() < self.floor {
            return None;
        }
        // Positions only grow, so those that the client's covers come first.
        let start = self.batches.partition_point(|batch| position.covers(&batch.after));
        let missed = self.batches.range(start..).flat_map(|batch| &batch.changes);
        let missed = missed.filter(|change| !position.has(change.transaction));
        Some(missed.map(|change| (change.collection_index, change.id)).collect())
    }

    /// What a client has missed that has been sent every group up to that number, if that is still known.
    pub(super) fn after(&self, number: u64) -> Option<ChangedRows> {
        if number < self.since {
            return None;
        }
        let start = self.batches.partition_point(|batch| batch.number <= number);
        let missed = self.batches.range(start..).flat_map(|batch| &batch.changes);
        Some(missed.map(|change| (change.collection_index, change.id)).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn change(transaction: u64, id: i64) -> Change {
        Change { transaction, collection_index: 0, id }
    }

    fn ids(changed: Option<ChangedRows>) -> Option<Vec<i64>> {
        changed.map(|changed| changed.into_iter().map(|(_, id)| id).collect())
    }

    #[test]
    fn what_was_open_is_told_and_what_was_seen_is_not() {
        let mut history = History::new(100, 0, 1);
        history.push(2, "13-11".parse().unwrap(), vec![change(10, 1), change(12, 3)]);
        history.push(3, "13".parse().unwrap(), vec![change(11, 2)]);
        history.push(4, "14".parse().unwrap(), vec![change(13, 4), change(UNKNOWN_TRANSACTION, 5)]);
        let since = |position: &str| ids(history.since(&position.parse().unwrap()));
        assert_eq!(since("13-11"), Some(vec![2, 4, 5]));
        assert_eq!(since("13"), Some(vec![4, 5]));
        assert_eq!(since("12-11"), Some(vec![2, 3, 4, 5]), "of a node that looked at other times");
        assert_eq!(since("14"), Some(vec![]));
        assert_eq!(ids(history.after(2)), Some(vec![2, 4, 5]));
        assert_eq!(ids(history.after(4)), Some(vec![]));
        assert_eq!(ids(history.after(0)), None);
    }

    #[test]
    fn what_is_forgotten_is_said_to_be() {
        let mut history = History::new(2, 0, 0);
        for number in 1..6 {
            history.push(number, Position::below(number + 1), vec![change(number, 1)]);
        }
        assert_eq!((history.len(), history.floor()), (2, 4));
        assert_eq!(history.since(&Position::below(3)), None);
        assert_eq!(ids(history.since(&Position::below(4))), Some(vec![1]));
        assert_eq!((history.after(2), ids(history.after(3))), (None, Some(vec![1])));
        assert_eq!(ids(History::new(2, 9, 7).after(7)), Some(vec![]));
        assert_eq!(History::new(2, 9, 7).after(6), None);
    }

    #[test]
    fn group_with_the_number_of_a_forgotten_one_does_not_stand_for_it() {
        let at = |next| Position::below(next);
        let mut history = History::new(2, 0, 0);
        history.push(1, at(2), vec![change(1, 1)]);
        history.restart(3, 2);
        history.push(2, at(4), vec![change(3, 3)]);
        assert_eq!(ids(history.after(1)), None, "what the second group was is not known");
        assert_eq!(ids(history.after(2)), Some(vec![]));
        history.push(2, at(5), vec![change(4, 4)]);
        history.push(3, at(6), vec![change(5, 5)]);
        assert_eq!((history.len(), ids(history.after(1))), (2, None));
        assert_eq!(ids(history.after(2)), Some(vec![5]));
    }

    /// Transactions that end in any order, looked at now and then.
    #[derive(Debug, Clone)]
    struct Poll {
        /// Which of those open end before it, by their place.
        end: Vec<usize>,
        /// How many begin.
        begin: u64,
    }

    fn polls() -> impl Strategy<Value = Vec<Poll>> {
        let poll = (vec(0..9_usize, 0..4), 0..4_u64).prop_map(|(end, begin)| Poll { end, begin });
        vec(poll, 1..30)
    }

    /// Positions and groups as such a history of transactions makes them; each transaction changes the row of its number.
    fn play(polls: &[Poll], from: usize) -> Vec<(Position, Vec<Change>)> {
        let (mut next, mut open, mut ended) = (1, Vec::new(), Vec::new());
        let mut seen = Vec::new();
        for (at, poll) in polls.iter().enumerate() {
            open.extend(next..next + poll.begin);
            next += poll.begin;
            for end in &poll.end {
                if *end < open.len() {
                    ended.push(open.remove(*end));
                }
            }
            let open: Vec<String> = open.iter().map(u64::to_string).collect();
            let position = Position::from_snapshot(&format!("0:{next}:{}", open.join(","))).unwrap();
            let news = std::mem::take(&mut ended).into_iter().map(|one| change(one, one.cast_signed()));
            if at >= from {
                seen.push((position, news.collect()));
            } else {
                ended.extend(news.map(|change| change.transaction));
            }
        }
        seen
    }

    proptest! {
        /// Two nodes look at different times; a client goes from one to the other.
        #[test]
        fn a_client_of_another_node_misses_nothing_and_is_told_nothing_twice(polls in polls(), from in 0..30_usize) {
            let here = play(&polls, from.min(polls.len() - 1));
            let mut history = History::new(1000, 0, 0);
            for (number, (position, changes)) in (1..).zip(&here) {
                history.push(number, position.clone(), changes.clone());
            }
            let all: BTreeSet<u64> = here.iter().flat_map(|(_, changes)| changes).map(|change| change.transaction).collect();
            for (theirs, _) in play(&polls, 0) {
                let missed: BTreeSet<u64> =
                    history.since(&theirs).unwrap().into_iter().map(|(_, id)| id.cast_unsigned()).collect();
                let expected = all.iter().copied().filter(|transaction| !theirs.has(*transaction)).collect();
                prop_assert_eq!(missed, expected);
            }
        }
    }
}
