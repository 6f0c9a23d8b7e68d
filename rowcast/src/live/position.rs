//! A position in the change log: the set of transactions that a reader or a cursor includes.
//!
//! ```text
//! PostgreSQL   transaction  801 802 803 804 805 806 …      next 806, open 803
//!              has ended     ✓   ✓   ·   ✓   ✓   ·          803 was open, 806 had not begun
//! SQLite       one writer, so the change log's `seq` stands for the transaction, and none is ever open
//! ```
//!
//! A position is what PostgreSQL calls a snapshot. The highest number alone does not suffice: numbers are assigned
//! before the commit and transactions commit in any order, so 803 would be lost.

use std::{fmt, str::FromStr};

/// The maximum number of open transactions in a cursor. With more, the cursor is written as its horizon, so that some
/// changes are sent twice and none is lost.
const MAX_OPEN: usize = 64;

/// All transactions below `next` except those that were `open`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    next: u64,
    /// In order, each below `next`.
    open: Vec<u64>,
    /// On SQLite, the mark of the entry before `next`, if it is known: another entry with that number has another mark.
    mark: Option<u32>,
}

impl Position {
    /// All transactions below `next`.
    pub(super) fn below(next: u64) -> Self {
        Self { next, open: Vec::new(), mark: None }
    }

    /// The same position, with the mark of the entry before `next`.
    pub(super) fn marked(self, mark: Option<u32>) -> Self {
        Self { mark, ..self }
    }

    /// Parses the output of `pg_current_snapshot()`: `xmin:xmax:xip,xip,…`.
    pub(super) fn from_snapshot(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (_, next, open) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Self::new(next, open.split(',').filter(|part| !part.is_empty()))
    }

    fn new<'a>(next: u64, open: impl Iterator<Item = &'a str>) -> Option<Self> {
        let open: Vec<u64> = open.map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let sound =
            open.is_sorted_by(|one, other| one < other) && open.last().is_none_or(|last| *last < next);
        sound.then_some(Self { next, open, mark: None })
    }

    /// The first transaction that had not begun.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The mark of the entry before [`next`](Self::next).
    pub(super) fn mark(&self) -> Option<u32> {
        self.mark
    }

    /// The transactions that had begun and not ended.
    pub(super) fn open(&self) -> &[u64] {
        &self.open
    }

    /// All transactions below the horizon are included.
    pub(super) fn horizon(&self) -> u64 {
        self.open.first().copied().unwrap_or(self.next)
    }

    /// Whether a transaction is included.
    pub(super) fn has(&self, transaction: u64) -> bool {
        transaction < self.next && self.open.binary_search(&transaction).is_err()
    }

    /// Whether all transactions of `other` are included.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.next >= other.next && self.open.iter().all(|open| !other.has(*open))
    }
}

/// As in a cursor: `806-803`, or with a mark `806_1f2e3d4c`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.open.len() > MAX_OPEN {
            return write!(f, "{}", self.horizon());
        }
        write!(f, "{}", self.next)?;
        self.open.iter().try_for_each(|open| write!(f, "-{open}"))?;
        self.mark.map_or(Ok(()), |mark| write!(f, "_{mark:08x}"))
    }
}

/// The text is no valid position.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (text, mark) = text.split_once('_').map_or((text, None), |(text, mark)| (text, Some(mark)));
        let mark = mark.map(|mark| u32::from_str_radix(mark, 16)).transpose().map_err(|_| InvalidPosition)?;
        let mut parts = text.split('-').take(MAX_OPEN + 2);
        let next = parts.next().and_then(|next| next.parse().ok()).ok_or(InvalidPosition)?;
        let position = Self::new(next, parts).filter(|position| position.open.len() <= MAX_OPEN);
        position.map(|position| position.marked(mark)).ok_or(InvalidPosition)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn position(text: &str) -> Position {
        text.parse().unwrap()
    }

    #[test]
    fn position_includes_ended_transactions() {
        let position = position("806-803");
        let seen: Vec<u64> = (800..808).filter(|transaction| position.has(*transaction)).collect();
        assert_eq!(seen, [800, 801, 802, 804, 805]);
        assert_eq!((position.horizon(), position.next()), (803, 806));
        assert_eq!(Position::from_snapshot("803:806:803"), Some(position));
        assert_eq!(Position::from_snapshot("725:725:"), Some(Position::below(725)));
    }

    #[test]
    fn invalid_position_is_rejected() {
        for text in [
            "",
            "x",
            "-",
            "1-",
            "5-7",
            "9-3-2",
            "9-3-3",
            "-1",
            "1.5",
            "1_",
            "1_x",
            "1_123456789",
            "_1",
            &"9-".repeat(100),
        ] {
            assert_eq!(text.parse::<Position>(), Err(InvalidPosition), "{text}");
        }
        assert_eq!(Position::from_snapshot("1:2"), None);
        assert_eq!(Position::from_snapshot("1:x:"), None);
    }

    #[test]
    fn position_with_too_many_open_transactions_falls_back_to_its_horizon() {
        let open: Vec<String> = (100..200).map(|open| open.to_string()).collect();
        let full = Position::from_snapshot(&format!("100:300:{}", open.join(","))).unwrap();
        assert_eq!(position(&full.to_string()), Position::below(100));
    }

    fn any_position() -> impl Strategy<Value = Position> {
        (btree_set(0..40_u64, 0..8), 0..40_u64, any::<Option<u32>>()).prop_map(|(open, next, mark)| {
            Position { open: open.into_iter().filter(|open| *open < next).collect(), next, mark }
        })
    }

    proptest! {
        #[test]
        fn position_round_trips(position in any_position()) {
            prop_assert_eq!(position.to_string().parse(), Ok(position));
        }

        #[test]
        fn covers_implies_all_transactions_included(one in any_position(), other in any_position()) {
            let all = (0..50).all(|transaction| one.has(transaction) || !other.has(transaction));
            // A transaction that was open in both may have a higher number than `one.next`.
            prop_assert!(!one.covers(&other) || all);
            prop_assert!(!all || one.covers(&other) || one.next < other.next);
        }

        #[test]
        fn parser_never_panics(text in ".{0,300}") {
            let _ = text.parse::<Position>();
            let _ = Position::from_snapshot(&text);
        }
    }
}
