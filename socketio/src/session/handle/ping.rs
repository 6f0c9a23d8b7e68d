//! Whether a client that owes a pong is still taking what stands before its ping.
//!
//! A ping cannot overtake a message that has begun to leave. On a slow line a large one takes longer than a pong may, and a client
//! that takes it all the while lives. So its time begins when the ping has left; until then it must take something.
//! Whoever takes nothing, or next to nothing, is dead in its time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::SessionHandle;
use crate::{config::Transport, wire::frame::Frame};

/// Bytes a second that a client takes at least, or it counts as one that takes nothing.
const MIN_RATE: u64 = 1024;
/// How many times in a row a pong is given more time.
const MAX_EXTENSIONS: u32 = 30;

/// The ping that was sent last. Pure: it is told what has left.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Ping {
    /// Bytes that will have left when it has, if something stood before it.
    until: Option<u64>,
    /// Bytes that had been taken when this was last looked at.
    taken: u64,
    times: u32,
}

impl Ping {
    /// Whether the client has taken something since the last look, while the ping was `on_its_way` to it.
    fn is_taking(&mut self, taken: u64, on_its_way: bool, within: Duration) -> bool {
        if self.until.is_none() {
            return false;
        }
        let more = taken - std::mem::replace(&mut self.taken, taken);
        self.times += 1;
        self.until = self.until.filter(|_| on_its_way);
        more as f64 >= MIN_RATE as f64 * within.as_secs_f64() && self.times <= MAX_EXTENSIONS
    }
}

/// What HTTP has been handed of the answers to GETs.
#[derive(Debug, Default)]
pub(crate) struct PollProgress {
    bytes: AtomicU64,
    /// A large answer has not been taken yet.
    answering: AtomicBool,
}

impl PollProgress {
    pub(crate) fn begin(&self) {
        self.answering.store(true, Ordering::SeqCst);
    }

    pub(crate) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.answering.store(false, Ordering::SeqCst);
    }

    /// Whether the answer to the last GET is still being taken.
    pub(crate) fn is_answering(&self) -> bool {
        self.answering.load(Ordering::SeqCst)
    }
}

impl SessionHandle {
    /// What is handed to HTTP of this session, if it polls.
    pub(crate) fn poll_progress(&self) -> &Arc<PollProgress> {
        &self.poll_progress
    }

    /// Sends a ping, ahead of the backlog.
    pub(crate) fn ping(&self) {
        let blocked = match self.transport() {
            Transport::Polling => self.poll_progress.is_answering(),
            Transport::WebSocket => self.stalled.get() || self.state.borrow().outbox.is_mid_frame(),
        };
        let mut until = None;
        self.queue(|outbox| {
            until = outbox.push_front(Frame::text("2").into_bytes()).ok();
            until.is_some()
        });
        let until = until.filter(|_| blocked);
        self.ping.set(Ping { until, taken: self.taken_now(), times: 0 });
    }

    /// Whether the client takes what stands before its ping, or has taken the last of it just now. Asked when its pong is due, which
    /// has had `within`.
    pub(crate) fn is_taking(&self, within: Duration) -> bool {
        let mut ping = self.ping.get();
        let is_ahead = ping.until.is_some_and(|until| self.taken() < until);
        let on_its_way = is_ahead || self.poll_progress.is_answering();
        let taking = ping.is_taking(self.taken_now(), on_its_way, within);
        self.ping.set(ping);
        taking
    }

    fn taken_now(&self) -> u64 {
        match self.transport() {
            Transport::Polling => self.poll_progress.bytes.load(Ordering::Relaxed),
            Transport::WebSocket => self.taken(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);
    const ENOUGH: u64 = 20 * MIN_RATE;

    #[test]
    fn a_pong_has_its_time_from_when_its_ping_has_left() {
        let mut ping = Ping { until: Some(3 * ENOUGH), ..Ping::default() };
        assert!(ping.is_taking(ENOUGH, true, WITHIN));
        assert!(ping.is_taking(3 * ENOUGH, false, WITHIN), "it has left just now");
        assert!(!ping.is_taking(9 * ENOUGH, false, WITHIN), "what follows it does not count");
    }

    #[test]
    fn nothing_and_next_to_nothing_end_it_and_so_does_taking_for_ever() {
        let ping = || Ping { until: Some(u64::MAX), ..Ping::default() };
        assert!(!ping().is_taking(0, true, WITHIN));
        assert!(!ping().is_taking(ENOUGH - 1, true, WITHIN));
        let mut slow = ping();
        let times = (1..1000).take_while(|time| slow.is_taking(time * ENOUGH, true, WITHIN)).count();
        assert_eq!(times, 30);
    }

    #[test]
    fn a_ping_that_nothing_stood_before_is_waited_for_once() {
        assert!(!Ping::default().is_taking(9 * ENOUGH, true, WITHIN));
    }
}
