//! Dates and times as text in ISO 8601, as far as PostgreSQL reads it the same way under all settings.

use super::value_type::Temporal;
use crate::condition::moment;

/// Why a text is not taken for a date or time.
pub(super) fn check(of: Temporal, text: &str) -> Result<(), &'static str> {
    let is_special = matches!(text, "infinity" | "-infinity");
    let (valid, sentence) = match of {
        Temporal::Date => (is_special || is_date(text), "must be a date such as 2026-01-31"),
        Temporal::Time => (is_time(text), "must be a time such as 14:30 or 14:30:05.123456"),
        Temporal::TimeTz => {
            (zoned(text, is_time, true), "must be a time with an offset, such as 14:30:05+02:00")
        }
        Temporal::Timestamp => (
            is_special || zoned(text, is_timestamp, false),
            "must be a date and time such as 2026-01-31T14:30:05.123456, without an offset",
        ),
        Temporal::TimestampTz => (
            is_special || zoned(text, is_timestamp, true),
            "must be a date and time with an offset, such as 2026-01-31T14:30:05.123456Z",
        ),
        Temporal::Interval => (is_interval(text), "must be a duration such as P1DT2H30M"),
    };
    if valid { Ok(()) } else { Err(sentence) }
}

/// The same for PostgreSQL, whose types have ranges.
pub(super) fn check_postgres(of: Temporal, text: &str) -> Result<(), &'static str> {
    check(of, text)?;
    let is_in_range = match of {
        Temporal::Date => moment::date(text).is_some(),
        Temporal::Timestamp => moment::timestamp(text).is_some(),
        Temporal::TimestampTz => moment::zoned_timestamp(text).is_some(),
        Temporal::Interval => moment::interval(text).is_some(),
        Temporal::Time | Temporal::TimeTz => true,
    };
    if is_in_range { Ok(()) } else { Err("is beyond the range of its type") }
}

/// The same for SQLite, which has no types of time: programs store timestamps with and without an offset, and numbers
/// of seconds, milliseconds or days.
pub(super) fn check_sqlite(of: Temporal, text: &str) -> Result<(), &'static str> {
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite) && !text.contains(['e', 'E', '+']);
    let is_moment = matches!(of, Temporal::Timestamp | Temporal::TimestampTz | Temporal::Date)
        && [Temporal::Timestamp, Temporal::TimestampTz].into_iter().any(|of| check(of, text).is_ok());
    match is_number || is_moment {
        true => Ok(()),
        false => check(of, text),
    }
}

/// The text of a timestamp in ISO 8601, from that of PostgreSQL: `2026-01-31 14:30:05+00` → `2026-01-31T14:30:05+00:00`.
pub(super) fn from_postgres(text: &str) -> String {
    let (text, era) = text.strip_suffix(" BC").map_or((text, ""), |text| (text, " BC"));
    let Some((date, time)) = text.split_once(' ') else { return format!("{text}{era}") };
    let minutes = match time.as_bytes() {
        [.., b'+' | b'-', _, _] => ":00",
        _ => "",
    };
    format!("{date}T{time}{minutes}{era}")
}

/// `2026-01-31`, of any year, or `0044-03-15 BC`.
fn is_date(text: &str) -> bool {
    let (text, before_christ) = text.strip_suffix(" BC").map_or((text, false), |text| (text, true));
    let Some((rest, day)) = text.rsplit_once('-') else { return false };
    let Some((year, month)) = rest.rsplit_once('-') else { return false };
    if !(4..=7).contains(&year.len()) || !is_digits(year) {
        return false;
    }
    let (Some(year), Some(month), Some(day)) =
        (number(year, 4..=7), number(month, 2..=2), number(day, 2..=2))
    else {
        return false;
    };
    // The year before 1 is 1 BC, a leap year.
    let leap = if before_christ { year.saturating_sub(1) } else { year };
    let days = match month {
        2 if leap % 4 == 0 && (leap % 100 != 0 || leap % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day) && year > 0
}

/// `14:30`, `14:30:05` or `14:30:05.123456`; also `24:00`.
fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, rest)| (clock, Some(rest)));
    if fraction.is_some_and(|digits| digits.is_empty() || digits.len() > 6 || !is_digits(digits)) {
        return false;
    }
    let parts: Vec<Option<u32>> = clock.split(':').map(|part| number(part, 2..=2)).collect();
    match parts[..] {
        [Some(hour), Some(minute)] if fraction.is_none() => {
            hour < 24 && minute < 60 || (hour, minute) == (24, 0)
        }
        [Some(24), Some(0), Some(0)] => {
            fraction.is_none_or(|digits| digits.bytes().all(|digit| digit == b'0'))
        }
        [Some(hour), Some(minute), Some(second)] => hour < 24 && minute < 60 && second < 60,
        _ => false,
    }
}

fn is_timestamp(text: &str) -> bool {
    let (text, before_christ) = match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    };
    let Some((date, time)) = text.split_once(['T', ' ']) else { return !before_christ && is_date(text) };
    is_date(date) && is_time(time)
}

/// A time, and an offset if one is expected.
fn zoned(text: &str, is_time: fn(&str) -> bool, offset: bool) -> bool {
    if !offset {
        return is_time(text);
    }
    let (text, era) = text.strip_suffix(" BC").map_or((text, ""), |text| (text, " BC"));
    let time = match text.strip_suffix(['Z', 'z']) {
        Some(time) => Some(time),
        // The date has hyphens of its own.
        None => text.rfind(['+', '-']).filter(|at| is_offset(&text[at + 1..])).map(|at| &text[..at]),
    };
    time.is_some_and(|time| time.contains(':') && is_time(&format!("{time}{era}")))
}

/// `02`, `0200`, `02:00` or `02:00:00`.
fn is_offset(text: &str) -> bool {
    let parts: Vec<&str> = match text.len() {
        4 if is_digits(text) => vec![&text[..2], &text[2..]],
        _ => text.split(':').collect(),
    };
    let in_range =
        |(at, part): (usize, &&str)| number(part, 2..=2).is_some_and(|part| part < [16, 60, 60][at]);
    parts.len() <= 3 && parts.iter().enumerate().all(in_range)
}

/// `P1Y2M3DT4H5M6.7S` with parts left out, `P2W`; each number may be negative.
fn is_interval(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    let counts = |text: &str, units: &str, found: &mut usize| {
        let (mut rest, mut left) = (text, units);
        while !rest.is_empty() {
            let end = rest.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(rest.len());
            let Some(unit) = rest[end..].chars().next() else { return false };
            let Some(at) = left.find(unit) else { return false };
            let digits = rest[..end].strip_prefix('-').unwrap_or(&rest[..end]);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
            if whole.len() > 12 || fraction.len() > 6 || !is_digits(whole) || !is_digits(fraction) {
                return false;
            }
            (rest, left) = (&rest[end + 1..], &left[at + 1..]);
            *found += 1;
        }
        true
    };
    let mut found = 0;
    let valid = counts(date, "YMWD", &mut found)
        && time.is_none_or(|time| !time.is_empty() && counts(time, "HMS", &mut found));
    valid && found > 0
}

fn number(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    (length.contains(&text.len()) && is_digits(text)).then(|| text.parse().ok()).flatten()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod oracle;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_postgres_becomes_iso_8601() {
        for (text, expected) in [
            ("2026-01-31 14:30:05.12+00", "2026-01-31T14:30:05.12+00:00"),
            ("2026-01-31 14:30:05", "2026-01-31T14:30:05"),
            ("0044-03-15 01:02:03+00 BC", "0044-03-15T01:02:03+00:00 BC"),
            ("infinity", "infinity"),
        ] {
            assert_eq!(from_postgres(text), expected);
        }
    }

    #[test]
    fn times_are_read_if_complete_and_refused_otherwise() {
        use Temporal as T;
        for (of, good, bad) in [
            (
                T::Date,
                &["2024-02-29", "0044-03-15 BC", "0005-02-29 BC", "infinity", "12026-01-01"][..],
                &[
                    "2023-02-29",
                    "0004-02-29 BC",
                    "2024-13-01",
                    "2024-1-1",
                    "31.01.2026",
                    "",
                    "now",
                    "0000-01-01",
                    "2024-02-29T",
                ][..],
            ),
            (
                T::Time,
                &["14:30", "14:30:05", "14:30:05.123456", "24:00:00", "00:00:00.0"],
                &["25:00", "14", "14:30:60", "14:30:05.1234567", "14:30.5", "24:00:01", "14:30Z"],
            ),
            (
                T::Timestamp,
                &[
                    "2026-01-31T14:30:05.123456",
                    "2026-01-31 14:30",
                    "2026-01-31",
                    "-infinity",
                    "0044-03-15T01:02:03 BC",
                ],
                &["2026-01-31T14:30Z", "2026-01-31T14:30+02", "2026-02-30T14:30", "yesterday"],
            ),
            (
                T::TimestampTz,
                &[
                    "2026-01-31T14:30:05Z",
                    "2026-01-31T14:30:05.123456+00:00",
                    "2026-01-31 14:30-0230",
                    "infinity",
                    "0044-03-15T01:02:03+00:00 BC",
                ],
                &[
                    "2026-01-31T14:30:05",
                    "2026-01-31",
                    "2026-01-31Z",
                    "2026-01-31T14:30:05+99",
                    "2026-01-31T14:30:05 Europe/Zurich",
                ],
            ),
            (T::TimeTz, &["14:30:05+02:00", "14:30Z"], &["14:30", "14:30+2"]),
            (
                T::Interval,
                &["P1DT2H30M", "P1Y2M", "PT0.5S", "P2W", "P-1DT-2H", "PT0S"],
                &["P", "PT", "P1", "1 day", "P1H", "PT1D", "P1D2Y", "P1.1234567D", "-P1D", "P1DT"],
            ),
        ] {
            for text in good {
                assert!(check(of, text).is_ok(), "{of:?} {text}");
            }
            for text in bad {
                assert!(check(of, text).is_err(), "{of:?} {text}");
            }
        }
    }
}
