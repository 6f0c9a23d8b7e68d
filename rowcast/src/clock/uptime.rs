//! Elapsed time that does not depend on settable clocks.

use std::{
    fs,
    sync::OnceLock,
    time::{Duration, Instant},
};

/// The uptime of the machine.
#[derive(Clone, Debug)]
pub(super) struct Uptime {
    /// The boot id, which changes with each boot; `None` if it is unknown.
    pub(super) boot: Option<String>,
    /// The time since boot, including sleep; or since the first call in this process.
    pub(super) since: Duration,
}

impl Uptime {
    /// Read from Linux's `/proc`; elsewhere counted since the first call.
    pub(super) fn now() -> Self {
        match (boot(), since_boot()) {
            (Some(boot), Some(since)) => Self { boot: Some(boot), since },
            _ => Self { boot: None, since: since_first_call() },
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

fn since_first_call() -> Duration {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_increases() {
        let (one, other) = (Uptime::now(), Uptime::now());
        assert_eq!(one.boot, other.boot);
        assert!(one.since <= other.since);
    }
}
