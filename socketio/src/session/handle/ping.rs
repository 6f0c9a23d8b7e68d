//! Whether a client with an overdue pong still receives the data ahead of its ping.
//!
//! A ping cannot overtake a message that has begun to leave. On a slow network a large message takes longer than the
//! ping timeout, while the client is alive. The timeout therefore starts when the ping has been sent; until then the
//! client must receive data at a minimum rate. A client below that rate is timed out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use super::SessionHandle;
use crate::{config::Transport, wire::frame::Frame};

/// Minimum rate in bytes per second.
const MIN_RATE: u64 = 1024;
/// Maximum number of consecutive extensions.
const MAX_EXTENSIONS: u32 = 30;

/// The last ping. Free of I/O: progress is passed in.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Ping {
    /// Count of written bytes at which the ping has left, if data stood ahead of it.
    until: Option<u64>,
    /// Written bytes at the last check.
    taken: u64,
    times: u32,
}

impl Ping {
    /// Whether the client has received enough since the last check, while the ping was `on_its_way`.
    fn is_receiving(&mut self, taken: u64, on_its_way: bool, within: Duration) -> bool {
        if self.until.is_none() {
            return false;
        }
        let more = taken - std::mem::replace(&mut self.taken, taken);
        self.times += 1;
        self.until = self.until.filter(|_| on_its_way);
        more as f64 >= MIN_RATE as f64 * within.as_secs_f64() && self.times <= MAX_EXTENSIONS
    }
}

/// Progress of HTTP with the responses to GETs.
#[derive(Debug, Default)]
pub(crate) struct PollProgress {
    bytes: AtomicU64,
    /// A large response has not been received yet.
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

    /// Whether the last response is still being received.
    pub(crate) fn is_answering(&self) -> bool {
        self.answering.load(Ordering::SeqCst)
    }
}

impl SessionHandle {
    /// Progress of the polling responses.
    pub(crate) fn poll_progress(&self) -> &Arc<PollProgress> {
        &self.poll_progress
    }

    /// Sends a ping ahead of the backlog.
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

    /// Whether the client receives the data ahead of its ping, or has just received the last of it. Called when its
    /// pong is due, after `within`.
    pub(crate) fn is_receiving(&self, within: Duration) -> bool {
        let mut ping = self.ping.get();
        let is_ahead = ping.until.is_some_and(|until| self.bytes_written() < until);
        let on_its_way = is_ahead || self.poll_progress.is_answering();
        let taking = ping.is_receiving(self.taken_now(), on_its_way, within);
        self.ping.set(ping);
        taking
    }

    fn taken_now(&self) -> u64 {
        match self.transport() {
            Transport::Polling => self.poll_progress.bytes.load(Ordering::Relaxed),
            Transport::WebSocket => self.bytes_written(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);
    const ENOUGH: u64 = 20 * MIN_RATE;

    #[test]
    fn pong_timeout_starts_when_ping_has_left() {
        let mut ping = Ping { until: Some(3 * ENOUGH), ..Ping::default() };
        assert!(ping.is_receiving(ENOUGH, true, WITHIN));
        assert!(ping.is_receiving(3 * ENOUGH, false, WITHIN), "it has left just now");
        assert!(!ping.is_receiving(9 * ENOUGH, false, WITHIN), "what follows it does not count");
    }

    #[test]
    fn ping_expires_below_minimum_rate_or_after_max_extensions() {
        let ping = || Ping { until: Some(u64::MAX), ..Ping::default() };
        assert!(!ping().is_receiving(0, true, WITHIN));
        assert!(!ping().is_receiving(ENOUGH - 1, true, WITHIN));
        let mut slow = ping();
        let times = (1..1000).take_while(|time| slow.is_receiving(time * ENOUGH, true, WITHIN)).count();
        assert_eq!(times, 30);
    }

    #[test]
    fn unblocked_ping_gets_no_extension() {
        assert!(!Ping::default().is_receiving(9 * ENOUGH, true, WITHIN));
    }
}
