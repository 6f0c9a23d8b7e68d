//! Clients that closed their connection because a message was larger than they take: the next time they are sent none that large.
//!
//! ```text
//! close 1009 ─▶ note(who, size) ─▶ … it comes back by itself … ─▶ claim(who) ─▶ a picture within its limit
//! ```
//!
//! Stock clients come back within seconds, and would be sent the same again, some sixty times a minute. Nothing in the protocol says that
//! it is the same client, so a note is kept for one that looks the same in all that it says of itself. It is good once
//! and for a minute: another client that looks the same, behind the same address, takes at most one such note, and
//! misses nothing but a collection that it is told of.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::{BuildHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use socketio::Handshake;

use crate::live::Limit;

/// For how long a note is good.
const GOOD: Duration = Duration::from_secs(60);
/// How many there may be; with more, the oldest goes.
const MOST: usize = 1024;

/// What a client says of itself and keeps from one connection to the next. Proxies say where it comes from.
const SAID: [&str; 7] = [
    "user-agent",
    "origin",
    "cookie",
    "accept-language",
    "sec-websocket-extensions",
    "x-forwarded-for",
    "forwarded",
];

/// Who a client seems to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Who(u64);

/// The notes.
#[derive(Default)]
pub(super) struct CutOff {
    /// No stranger may choose what another is taken for.
    keys: RandomState,
    notes: Mutex<HashMap<Who, Note>>,
}

struct Note {
    limit: Limit,
    at: Instant,
    /// How many clients it is good for.
    times: u32,
}

impl CutOff {
    /// Who comes with this handshake; `asks` is what it asks for, in its `auth`, each time.
    pub(super) fn who(&self, handshake: &Handshake, asks: impl Hash) -> Who {
        let mut hasher = self.keys.build_hasher();
        handshake.address().hash(&mut hasher);
        SAID.map(|name| handshake.header(name)).hash(&mut hasher);
        asks.hash(&mut hasher);
        Who(hasher.finish())
    }

    /// It did not take what was larger than that.
    pub(super) fn note(&self, who: Who, limit: Limit) {
        self.note_at(who, limit, Instant::now());
    }

    fn note_at(&self, who: Who, limit: Limit, now: Instant) {
        let mut notes = self.notes();
        notes.retain(|_, note| now - note.at < GOOD);
        if notes.len() >= MOST && !notes.contains_key(&who) {
            let oldest = notes.iter().min_by_key(|(_, note)| note.at).map(|(who, _)| *who);
            if let Some(oldest) = oldest {
                notes.remove(&oldest);
            }
        }
        let note = notes.entry(who).or_insert(Note { limit, at: now, times: 0 });
        (note.limit, note.at, note.times) = (note.limit.min(limit), now, note.times + 1);
    }

    /// What one that comes now takes, if it was cut off just before.
    pub(super) fn claim(&self, who: Who) -> Option<Limit> {
        self.claim_at(who, Instant::now())
    }

    fn claim_at(&self, who: Who, now: Instant) -> Option<Limit> {
        let mut notes = self.notes();
        let note = notes.get_mut(&who)?;
        let (limit, is_good) = (note.limit, now - note.at < GOOD);
        note.times -= 1;
        if note.times == 0 || !is_good {
            notes.remove(&who);
        }
        is_good.then_some(limit)
    }

    fn notes(&self) -> MutexGuard<'_, HashMap<Who, Note>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(bytes: usize) -> Limit {
        Limit::below(bytes + 1).unwrap()
    }

    #[test]
    fn a_note_is_good_once_and_for_a_minute() {
        let (cut_off, now) = (CutOff::default(), Instant::now());
        cut_off.note_at(Who(1), limit(1 << 20), now);
        assert_eq!(cut_off.claim_at(Who(2), now), None);
        assert_eq!(cut_off.claim_at(Who(1), now), Some(limit(1 << 20)));
        assert_eq!(cut_off.claim_at(Who(1), now), None);
        cut_off.note_at(Who(1), limit(1 << 20), now);
        assert_eq!(cut_off.claim_at(Who(1), now + GOOD), None);
    }

    #[test]
    fn of_two_that_look_the_same_the_smaller_limit_counts_for_both() {
        let (cut_off, now) = (CutOff::default(), Instant::now());
        cut_off.note_at(Who(1), limit(1 << 20), now);
        cut_off.note_at(Who(1), limit(4 << 20), now);
        let claims = [(); 3].map(|()| cut_off.claim_at(Who(1), now));
        assert_eq!(claims, [Some(limit(1 << 20)), Some(limit(1 << 20)), None]);
    }

    #[test]
    fn there_are_not_more_than_so_many_and_the_oldest_goes() {
        let (cut_off, now) = (CutOff::default(), Instant::now());
        for who in 0..=MOST as u64 {
            cut_off.note_at(Who(who), limit(8192), now + Duration::from_millis(who));
        }
        let later = now + Duration::from_secs(2);
        assert_eq!(cut_off.claim_at(Who(0), later), None);
        assert!(cut_off.claim_at(Who(1), later).is_some());
        assert!(cut_off.claim_at(Who(MOST as u64), later).is_some());
    }
}
