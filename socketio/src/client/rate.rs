//! Token bucket for the events of a session: a rate per second, and a burst of one second.

use tokio::time::Instant;

pub(super) struct RateLimiter {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl RateLimiter {
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self { per_second, left: per_second, at: Instant::now() }
    }

    /// Takes one token, if there is one.
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        let gained = (now - self.at).as_secs_f64() * self.per_second;
        self.left = (self.left + gained).min(self.per_second);
        self.at = now;
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn rate_limiter_refills_per_second() {
        let mut rate = RateLimiter::new(10);
        assert_eq!((0..20).filter(|_| rate.take()).count(), 10);
        tokio::time::advance(Duration::from_millis(250)).await;
        assert_eq!((0..20).filter(|_| rate.take()).count(), 2);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!((0..5).filter(|_| rate.take()).count(), 5);
        assert_eq!((0..20).filter(|_| rate.take()).count(), 5, "quiet times do not add up");
    }
}
