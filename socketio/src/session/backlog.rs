//! Whether the kernel's buffer of a connection is to be limited.
//!
//! The first large backlog of a connection is limited, because nothing is known of the network. A connection that takes
//! a large backlog promptly is then trusted with whole buffers, which take fewer and larger system calls, until a large
//! backlog stays.

use std::time::{Duration, Instant};

/// The time in which a fast connection takes a large backlog.
const PROMPT: Duration = Duration::from_millis(100);

/// What is known of a connection from its large backlogs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backlog {
    large_since: Option<Instant>,
    /// Whether the connection has taken the last large backlog promptly.
    prompt: bool,
    limited: bool,
}

impl Backlog {
    /// Notes whether the backlog is large, and returns whether the kernel's buffer is to be limited if that changes.
    pub(crate) fn observe(&mut self, large: bool, now: impl FnOnce() -> Instant) -> Option<bool> {
        match (large, self.large_since) {
            (false, None) => return None,
            (true, None) => self.large_since = Some(now()),
            (true, Some(since)) => self.prompt &= now() - since <= PROMPT,
            (false, Some(since)) => {
                self.large_since = None;
                self.prompt = now() - since <= PROMPT;
            }
        }
        let limited = !self.prompt;
        (std::mem::replace(&mut self.limited, limited) != limited).then_some(limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The changes of the limit after observations: milliseconds, and whether the backlog is large.
    fn changes(observations: &[(u64, bool)]) -> Vec<Option<bool>> {
        let (start, mut backlog) = (Instant::now(), Backlog::default());
        let mut observe =
            |(ms, large): &(u64, bool)| backlog.observe(*large, || start + Duration::from_millis(*ms));
        observations.iter().map(&mut observe).collect()
    }

    #[test]
    fn small_backlog_changes_nothing() {
        assert_eq!(changes(&[(0, false), (500, false)]), [None, None]);
    }

    #[test]
    fn first_large_backlog_is_limited_until_it_was_taken_promptly() {
        assert_eq!(changes(&[(0, true), (50, true), (100, false)]), [Some(true), None, Some(false)]);
        assert_eq!(changes(&[(0, true), (101, false), (200, true)]), [Some(true), None, None]);
    }

    #[test]
    fn later_large_backlog_is_limited_once_it_stays() {
        let fast = [(0, true), (10, false)];
        let later = |rest: &[(u64, bool)]| changes(&[&fast, rest].concat()).split_off(2);
        assert_eq!(later(&[(20, true), (120, true), (121, true)]), [None, None, Some(true)]);
        assert_eq!(later(&[(20, true), (300, false)]), [None, Some(true)], "it was not taken promptly");
        assert_eq!(
            later(&[(20, true), (200, true), (300, false), (400, true), (410, false)]).last(),
            Some(&Some(false))
        );
    }
}
