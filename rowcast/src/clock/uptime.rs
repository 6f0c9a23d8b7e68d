//! What has passed, whatever anybody sets a clock to.

use std::{
    fs,
    sync::OnceLock,
    time::{Duration, Instant},
};

/// How long a machine has been running.
#[derive(Clone, Debug)]
pub(super) struct Uptime {
    /// Another one after each start of the machine; none where that cannot be said.
    pub(super) boot: Option<String>,
    /// Since then, sleep included; or since this was asked first in this process.
    pub(super) since: Duration,
}

impl Uptime {
    /// As Linux says it; elsewhere a process knows only of itself.
    pub(super) fn now() -> Self {
        match (boot(), since_boot()) {
            (Some(boot), Some(since)) => Self { boot: Some(boot), since },
            _ => Self { boot: None, since: since_first_asked() },
        }
    }
}

fn boot() -> Option<String> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    let read = || fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    BOOT.get_or_init(|| read().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())).clone()
}

fn since_boot() -> Option<Duration> {
    let text = fs::read_to_string("/proc/uptime").ok()?;
    Duration::try_from_secs_f64(text.split_whitespace().next()?.parse().ok()?).ok()
}

fn since_first_asked() -> Duration {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on() {
        let (one, other) = (Uptime::now(), Uptime::now());
        assert_eq!(one.boot, other.boot);
        assert!(one.since <= other.since);
    }
}
