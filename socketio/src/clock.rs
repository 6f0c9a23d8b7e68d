//! Clocks: monotonic time for rate limits, wall-clock time for the admin page.

use std::{sync::OnceLock, time::Instant};

/// Nanoseconds since the first call.
pub(crate) fn monotonic_nanos() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(feature = "admin")]
pub(crate) use self::wall::{iso, millis, unix_millis};

#[cfg(feature = "admin")]
mod wall {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use time::OffsetDateTime;

    /// Milliseconds since the Unix epoch.
    pub(crate) fn unix_millis() -> u64 {
        millis(SystemTime::now())
    }

    pub(crate) fn millis(time: SystemTime) -> u64 {
        time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis() as u64
    }

    /// A time in UTC in the format of JavaScript's `toISOString`.
    pub(crate) fn iso(millis: u64) -> String {
        let since_epoch = time::Duration::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX));
        let time = OffsetDateTime::UNIX_EPOCH.saturating_add(since_epoch);
        let ((year, month, day), (hour, minute, second, milli)) =
            (time.to_calendar_date(), time.time().as_hms_milli());
        let month = u8::from(month);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn iso_matches_javascript_to_iso_string() {
            assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
            assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.000Z");
            assert_eq!(iso(1_709_251_199_999), "2024-02-29T23:59:59.999Z");
            assert_eq!(iso(1_772_323_200_000), "2026-03-01T00:00:00.000Z");
        }
    }
}
