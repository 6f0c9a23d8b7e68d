//! Recent changes by batch of commits, so that a client can resume without a query.
//!
//! ```text
//! batch 7 │ batch 8 │ batch 9 …        each: entries (transaction, collection, row), and the position after them
//! ```
//!
//! It stores which rows changed, not their contents: a resuming client receives the current rows.

use std::collections::{BTreeSet, VecDeque};

use super::position::Position;
use crate::key::Key;

/// A row that a transaction changed; `collection_index` is the collection's index in the registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    /// [`UNKNOWN_TRANSACTION`] if it is one of several in the batch.
    pub(super) transaction: u64,
    pub(super) collection_index: u16,
    pub(super) key: Key,
}

impl Change {
    fn row(&self) -> (u16, Key) {
        (self.collection_index, self.key.clone())
    }
}

/// Included in no position.
pub(super) const UNKNOWN_TRANSACTION: u64 = u64::MAX;

/// Changed rows: collection index and key.
pub(super) type ChangedRows = BTreeSet<(u16, Key)>;

struct ChangeBatch {
    number: u64,
    after: Position,
    /// The number of its changes.
    len: usize,
}

/// The newest batches, up to a number of changes.
pub(super) struct History {
    batches: VecDeque<ChangeBatch>,
    /// The changes of all batches, in their order.
    changes: VecDeque<Change>,
    limit: usize,
    /// Positions with a horizon below it may miss changes that are no longer stored.
    floor: u64,
    /// Changes after this batch number are complete.
    since: u64,
}

impl History {
    /// An empty history that begins after batch `since`.
    pub(super) fn new(limit: usize, floor: u64, since: u64) -> Self {
        Self { batches: VecDeque::new(), changes: VecDeque::new(), limit, floor, since }
    }

    /// Clears the history; it begins again after batch `since`.
    pub(super) fn restart(&mut self, floor: u64, since: u64) {
        *self = Self::new(self.limit, floor, since);
    }

    /// Adds a batch and removes the oldest beyond the limit. Several batches may have the same number.
    pub(super) fn push(&mut self, number: u64, after: Position, changes: Vec<Change>) {
        self.batches.push_back(ChangeBatch { number, after, len: changes.len() });
        self.reserve(changes.len());
        self.changes.extend(changes);
        // The last batch stays, whatever its size.
        while self.changes.len().max(self.batches.len()) > self.limit && self.batches.len() > 1 {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.changes.drain(..oldest.len);
            self.floor = self.floor.max(oldest.after.next());
            self.since = self.since.max(oldest.number);
        }
    }

    /// Reserves memory for further changes: twice as much as before, but no more than the limit needs.
    fn reserve(&mut self, further: usize) {
        let (needed, reserved) = (self.changes.len() + further, self.changes.capacity());
        if needed > reserved {
            let target = (2 * reserved).min(self.limit).max(needed);
            self.changes.reserve_exact(target - self.changes.len());
        }
    }

    /// The number of changes.
    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// The rows that changed after a position; none if that is no longer known.
    pub(super) fn since(&self, position: &Position) -> Option<ChangedRows> {
        if position.horizon() < self.floor {
            return None;
        }
        // Positions only grow, so the batches that this one covers come first.
        let start = self.batches.partition_point(|batch| position.covers(&batch.after));
        let missed = self.changes_from(start).filter(|change| !position.has(change.transaction));
        Some(missed.map(Change::row).collect())
    }

    /// The rows that changed after a batch number; none if that is no longer known.
    pub(super) fn after(&self, number: u64) -> Option<ChangedRows> {
        if number < self.since {
            return None;
        }
        let start = self.batches.partition_point(|batch| batch.number <= number);
        Some(self.changes_from(start).map(Change::row).collect())
    }

    /// The changes of a batch and of those after it.
    fn changes_from(&self, batch: usize) -> impl Iterator<Item = &Change> {
        // Most readers missed little, so the newest batches are counted.
        let missed: usize = self.batches.range(batch..).map(|batch| batch.len).sum();
        self.changes.range(self.changes.len() - missed..)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn change(transaction: u64, key: impl Into<Key>) -> Change {
        Change { transaction, collection_index: 0, key: key.into() }
    }

    fn ids(changed: Option<ChangedRows>) -> Option<Vec<i64>> {
        changed.map(|changed| changed.into_iter().map(|(_, key)| key.as_number().unwrap()).collect())
    }

    #[test]
    fn change_has_32_bytes() {
        assert_eq!(size_of::<Change>(), 32);
    }

    #[test]
    fn keys_of_any_kind_are_returned_once_and_in_order() {
        let composite = || Key::from(vec![7.into(), "north".into()]);
        let mut history = History::new(100, 0, 1);
        history.push(2, Position::below(2), vec![change(1, composite()), change(1, 10), change(1, "a")]);
        history.push(3, Position::below(3), vec![change(2, "a"), change(2, composite()), change(2, 9)]);
        let expected =
            |keys: Vec<Key>| -> Option<ChangedRows> { Some(keys.into_iter().map(|key| (0, key)).collect()) };
        assert_eq!(history.after(1), expected(vec![9.into(), 10.into(), "a".into(), composite()]));
        assert_eq!(history.since(&Position::below(2)), expected(vec![9.into(), "a".into(), composite()]));
    }

    #[test]
    fn since_returns_open_transactions_and_omits_seen_ones() {
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
    fn memory_is_reserved_for_the_limit_and_one_batch() {
        let mut history = History::new(1000, 0, 0);
        for number in 1..5000 {
            history.push(number, Position::below(number + 1), vec![change(number, 1), change(number, 2)]);
        }
        assert_eq!((history.len(), history.changes.capacity()), (1000, 1002));
    }

    #[test]
    fn pruned_history_returns_none() {
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
    fn batch_with_a_pruned_number_does_not_replace_it() {
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

    /// Transactions that end in any order, and the polls between them.
    #[derive(Debug, Clone)]
    struct Poll {
        /// The open transactions that end before the poll, by index.
        end: Vec<usize>,
        /// The number of transactions that begin.
        begin: u64,
    }

    fn polls() -> impl Strategy<Value = Vec<Poll>> {
        let poll = (vec(0..9_usize, 0..4), 0..4_u64).prop_map(|(end, begin)| Poll { end, begin });
        vec(poll, 1..30)
    }

    /// The positions and batches of such a sequence; each transaction changes the row with its number.
    fn simulate(polls: &[Poll], from: usize) -> Vec<(Position, Vec<Change>)> {
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
        /// Two nodes poll at different times; a client moves from one to the other.
        #[test]
        fn client_of_another_node_receives_each_change_once(polls in polls(), from in 0..30_usize) {
            let here = simulate(&polls, from.min(polls.len() - 1));
            let mut history = History::new(1000, 0, 0);
            for (number, (position, changes)) in (1..).zip(&here) {
                history.push(number, position.clone(), changes.clone());
            }
            let all: BTreeSet<u64> = here.iter().flat_map(|(_, changes)| changes).map(|change| change.transaction).collect();
            for (theirs, _) in simulate(&polls, 0) {
                let missed: BTreeSet<u64> =
                    history.since(&theirs).unwrap().into_iter().map(|(_, key)| key.as_number().unwrap().cast_unsigned()).collect();
                let expected = all.iter().copied().filter(|transaction| !theirs.has(*transaction)).collect();
                prop_assert_eq!(missed, expected);
            }
        }
    }
}
