//! Timing of pings and pongs. Free of I/O: the time is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// Tolerated delay of a timer.
const TIMER_SLACK: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    /// Time of the next ping, or of the expected pong.
    due: Instant,
    pinged: bool,
    /// Whether the pong has been given more time, because it may not have been read yet.
    grace_used: bool,
}

/// The action of a heartbeat that is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeartbeatAction {
    Ping,
    Timeout,
}

impl Heartbeat {
    /// The first ping comes after a whole interval.
    pub(super) fn new(now: Instant, interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout, due: now + interval, pinged: false, grace_used: false }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    pub(super) fn poll(&mut self, now: Instant) -> Option<HeartbeatAction> {
        if now < self.due {
            return None;
        }
        let late = now - self.due;
        if self.pinged && late > TIMER_SLACK && !self.grace_used {
            // Time in which the task did not run does not count against the client, once.
            self.grace_used = true;
            self.due = now + late.min(self.timeout);
            return None;
        }
        if self.pinged {
            return Some(HeartbeatAction::Timeout);
        }
        self.pinged = true;
        // Counted from when the ping was due: timers round up, and the error would add up.
        self.due = (self.due + self.timeout).max(now + self.timeout / 2);
        Some(HeartbeatAction::Ping)
    }

    pub(super) fn pong(&mut self, now: Instant) {
        if self.pinged {
            (self.pinged, self.grace_used) = (false, false);
            self.due = now + self.interval;
        }
    }

    /// Restarts the timeout of the pong, which may not have been read yet.
    pub(super) fn resume(&mut self, now: Instant) {
        if self.pinged {
            self.due = now + self.timeout;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn ping_follows_pong_after_interval_and_times_out() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start, 25 * S, 20 * S);
        heartbeat.pong(start + S);
        assert_eq!(heartbeat.poll(start + 24 * S), None, "an unrequested pong delays nothing");
        assert_eq!(heartbeat.poll(start + 25 * S), Some(HeartbeatAction::Ping));
        assert_eq!(heartbeat.due(), start + 45 * S);
        heartbeat.pong(start + 30 * S);
        assert_eq!(heartbeat.poll(start + 54 * S), None);
        assert_eq!(heartbeat.poll(start + 55 * S), Some(HeartbeatAction::Ping));
        heartbeat.resume(start + 70 * S);
        assert_eq!(heartbeat.poll(start + 89 * S), None);
        assert_eq!(heartbeat.poll(start + 90 * S), Some(HeartbeatAction::Timeout));
    }

    #[test]
    fn late_timer_grants_one_grace_period() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start, 25 * S, 20 * S);
        assert_eq!(heartbeat.poll(start + 25 * S), Some(HeartbeatAction::Ping));
        assert_eq!(heartbeat.poll(start + 50 * S), None);
        assert_eq!(heartbeat.due(), start + 55 * S);
        assert_eq!(heartbeat.poll(start + 70 * S), Some(HeartbeatAction::Timeout));
        let mut late = Heartbeat::new(start, 25 * S, 20 * S);
        assert_eq!(late.poll(start + 100 * S), Some(HeartbeatAction::Ping));
        assert_eq!(late.due(), start + 110 * S, "a ping that was late leaves half the time at least");
    }
}
