//! Whether a client with an overdue pong still receives the data ahead of its ping.
//!
//! A ping cannot overtake a message that has begun to leave. On a slow network a large message takes longer than the
//! ping timeout, while the client is alive. The timeout therefore starts when the ping has been sent; until then the
//! client must receive data at a minimum rate. A client below that rate is timed out.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

/// Minimum rate in bytes per second.
const MIN_RATE: u64 = 1024;
/// Maximum number of consecutive extensions.
const MAX_EXTENSIONS: u32 = 30;

/// The last ping. Free of I/O: progress is passed in.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Ping {
    /// Count of written bytes at which the ping has left, if data stood ahead of it.
    until: Option<u64>,
    /// Written bytes at the last check.
    taken: u64,
    times: u32,
}

impl Ping {
    /// A ping that leaves once `until` bytes are written, of which `taken` are.
    pub(crate) fn new(until: Option<u64>, taken: u64) -> Self {
        Self { until, taken, times: 0 }
    }

    /// Whether data stands ahead of the ping, after `written` bytes.
    pub(crate) fn is_behind(&self, written: u64) -> bool {
        self.until.is_some_and(|until| written < until)
    }

    /// Whether the client has received enough since the last check, while the ping was `on_its_way`.
    pub(crate) fn is_receiving(&mut self, taken: u64, on_its_way: bool, within: Duration) -> bool {
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

    /// Bytes of all responses so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the last response is still being received.
    pub(crate) fn is_answering(&self) -> bool {
        self.answering.load(Ordering::SeqCst)
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
