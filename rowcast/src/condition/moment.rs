//! Dates, times and durations as numbers, from the texts of PostgreSQL and of clients.
//!
//! Days and microseconds are counted from the first of January 2000, as PostgreSQL counts them: its timestamps fit 64 bits.

const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;
const SECOND: i64 = 1_000_000;

/// The days from year 0 to 2000.
const DAYS_TO_2000: i64 = 730_485;
/// The first date of PostgreSQL: the 24th of November 4714 BC.
const FIRST_DATE: i64 = -2_451_545;
/// The day after its last date: the end of the year 5874897.
const END_OF_DATES: i64 = 2_145_031_949;
/// The day after its last timestamp: the end of the year 294276.
const END_OF_TIMESTAMPS: i64 = 106_751_983;

/// The days of a date such as `2026-01-31`, `0044-03-15 BC` or `infinity`. None of any other text, or beyond PostgreSQL's range.
pub(crate) fn date(text: &str) -> Option<i64> {
    if let Some(infinity) = infinity(text) {
        return Some(infinity);
    }
    let (text, era) = era(text);
    calendar_days(text, era).filter(|days| (FIRST_DATE..END_OF_DATES).contains(days))
}

/// The microseconds of a time such as `14:30` or `14:30:05.123456`.
pub(crate) fn time(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let mut next = || parts.next().map_or(Some(0), number);
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    if parts.next().is_some() || hours > 24 || minutes > 59 || seconds > 59 {
        return None;
    }
    let micros = hours * HOUR + minutes * MINUTE + seconds * SECOND + micros(fraction)?;
    (micros <= DAY).then_some(micros)
}

/// The microseconds of a time with an offset, in UTC, and its seconds west of Greenwich: times at the same instant are
/// sorted by them.
pub(crate) fn zoned_time(text: &str) -> Option<(i64, i64)> {
    let (text, east) = offset(text)?;
    Some((time(text)? - east * SECOND, -east))
}

/// The microseconds of a timestamp without an offset. A date is its midnight.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    if let Some(infinity) = infinity(text) {
        return Some(infinity);
    }
    let (text, era) = era(text);
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    in_range(calendar_days(date, era)?, time(clock)?)
}

/// The microseconds of a timestamp with an offset.
pub(crate) fn zoned_timestamp(text: &str) -> Option<i64> {
    if let Some(infinity) = infinity(text) {
        return Some(infinity);
    }
    let (text, era) = era(text);
    let (date, zoned) = text.split_once(['T', ' '])?;
    let (clock, east) = offset(zoned)?;
    in_range(calendar_days(date, era)?, time(clock)? - east * SECOND)
}

/// The length of a duration such as `P1Y2M3DT4H5M6.7S`, as days and microseconds: PostgreSQL compares a month as 30 days, and
/// a day as 24 hours. None of any other text, or beyond its range.
pub(crate) fn interval(text: &str) -> Option<(i64, i64)> {
    if let Some(infinity) = infinity(text) {
        return Some((infinity, 0));
    }
    let (date, time) = text.strip_prefix('P').map(|rest| rest.split_once('T').unwrap_or((rest, "")))?;
    let mut sum = Duration::default();
    let mut add = |text: &str, is_time| {
        let mut rest = text;
        while let Some(at) = rest.find(|letter: char| letter.is_ascii_alphabetic()) {
            sum.add(rest[..at].parse().ok()?, &rest[at..=at], is_time)?;
            rest = &rest[at + 1..];
        }
        rest.is_empty().then_some(())
    };
    add(date, false)?;
    add(time, true)?;
    sum.length()
}

/// A duration as PostgreSQL has it.
#[derive(Default)]
struct Duration {
    years: i32,
    months: i32,
    days: i32,
    micros: i64,
}

impl Duration {
    /// Adds a part as PostgreSQL's `DecodeISO8601Interval` does: what is less than a unit goes into smaller units.
    fn add(&mut self, number: f64, unit: &str, is_time: bool) -> Option<()> {
        /// PostgreSQL's limit of one number.
        const MOST: f64 = 1e15;
        if number.abs() > MOST {
            return None;
        }
        let (whole, fraction) = (number.trunc() as i64, number.fract());
        match (unit, is_time) {
            ("Y", false) => {
                self.years = self.years.checked_add(whole.try_into().ok()?)?;
                self.months = self.months.checked_add((fraction * 12.0).round_ties_even() as i32)?;
            }
            ("M", false) => {
                self.months = self.months.checked_add(whole.try_into().ok()?)?;
                self.add_days(fraction * 30.0)?;
            }
            ("W", false) => {
                let days = i32::try_from(whole).ok()?.checked_mul(7)?;
                self.days = self.days.checked_add(days)?;
                self.add_days(fraction * 7.0)?;
            }
            ("D", false) => {
                self.days = self.days.checked_add(whole.try_into().ok()?)?;
                self.add_micros(fraction * DAY as f64)?;
            }
            ("H" | "M" | "S", true) => {
                let unit = match unit {
                    "H" => HOUR,
                    "M" => MINUTE,
                    _ => SECOND,
                };
                self.micros = self.micros.checked_add(whole.checked_mul(unit)?)?;
                self.add_micros(fraction * unit as f64)?;
            }
            _ => return None,
        }
        Some(())
    }

    fn add_days(&mut self, days: f64) -> Option<()> {
        self.days = self.days.checked_add(days.trunc() as i32)?;
        self.add_micros(days.fract() * DAY as f64)
    }

    /// A half is rounded towards zero.
    fn add_micros(&mut self, micros: f64) -> Option<()> {
        let rest = micros.fract();
        let rounded = micros.trunc() as i64 + i64::from(rest > 0.5) - i64::from(rest < -0.5);
        self.micros = self.micros.checked_add(rounded)?;
        Some(())
    }

    fn length(&self) -> Option<(i64, i64)> {
        let months = i64::from(self.years) * 12 + i64::from(self.months);
        let months = i64::from(i32::try_from(months).ok()?);
        let days = months * 30 + i64::from(self.days) + self.micros.div_euclid(DAY);
        Some((days, self.micros.rem_euclid(DAY)))
    }
}

/// Before all other values, or after them.
fn infinity(text: &str) -> Option<i64> {
    match text {
        "infinity" => Some(i64::MAX),
        "-infinity" => Some(i64::MIN),
        _ => None,
    }
}

/// A text without its mark for years before Christ, and whether it had one.
fn era(text: &str) -> (&str, bool) {
    text.strip_suffix(" BC").map_or((text, false), |text| (text, true))
}

fn in_range(days: i64, micros: i64) -> Option<i64> {
    let (days, micros) = (days + micros.div_euclid(DAY), micros.rem_euclid(DAY));
    (FIRST_DATE..END_OF_TIMESTAMPS).contains(&days).then(|| days * DAY + micros)
}

/// The days of a valid date of the Gregorian calendar.
fn calendar_days(text: &str, before_christ: bool) -> Option<i64> {
    let (rest, day) = text.rsplit_once('-')?;
    let (year, month) = rest.rsplit_once('-')?;
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    // There is no year 0: the year before 1 is 1 BC.
    let year = if before_christ { 1 - year.max(1) } else { year };
    if !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    Some(days_before(year, month) + day - 1 - DAYS_TO_2000)
}

/// The number of days of a month.
fn days_of(year: i64, month: i64) -> i64 {
    let (next, of) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_before(next, of) - days_before(year, month)
}

/// The days from the first of January of year 0 to the first of a month. Years begin with March here, so that a leap day is
/// the last of its year.
fn days_before(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 60 days before March.
    year * 365 + leap_days + (153 * month + 2) / 5 + 60
}

/// A text without its offset, and the offset in seconds east of Greenwich.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(text) = text.strip_suffix(['Z', 'z']) {
        return Some((text, 0));
    }
    let at = text.rfind(['+', '-'])?;
    let (text, offset) = text.split_at(at);
    let digits: String = offset[1..].split(':').collect();
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), number);
    let seconds = part(0)? * 3600 + part(2)? * 60 + part(4)?;
    Some((text, if offset.starts_with('-') { -seconds } else { seconds }))
}

fn micros(fraction: &str) -> Option<i64> {
    (fraction.len() <= 6).then(|| number(&format!("{fraction:0<6}"))).flatten()
}

fn number(digits: &str) -> Option<i64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_2000() {
        for (text, expected) in [
            ("2000-01-01", Some(0)),
            ("2000-03-01", Some(60)),
            ("1999-12-31", Some(-1)),
            ("1970-01-01", Some(-10_957)),
            ("2024-02-29", Some(8825)),
            ("0001-01-01", Some(-730_119)),
            ("0001-12-31 BC", Some(-730_120)),
            ("0001-02-29 BC", Some(-730_426)),
            ("4714-11-24 BC", Some(FIRST_DATE)),
            ("4714-11-23 BC", None),
            ("5874897-12-31", Some(END_OF_DATES - 1)),
            ("5874898-01-01", None),
            ("2023-02-29", None),
            ("0004-02-29 BC", None),
            ("1900-02-29", None),
            ("2024-00-01", None),
            ("infinity", Some(i64::MAX)),
            ("now", None),
        ] {
            assert_eq!(date(text), expected, "{text}");
        }
    }

    #[test]
    fn timestamps_are_counted_in_microseconds() {
        assert_eq!(timestamp("2000-01-01T00:00:01.5"), Some(1_500_000));
        assert_eq!(timestamp("2000-01-01 24:00"), Some(DAY));
        assert_eq!(timestamp("1999-12-31"), Some(-DAY));
        assert_eq!(timestamp("294276-12-31T23:59:59.999999"), Some(9_223_371_331_199_999_999));
        assert_eq!(timestamp("294276-12-31T24:00"), None);
        assert_eq!(timestamp("4714-11-24T00:00:00 BC"), Some(-211_813_488_000_000_000));
        assert_eq!(zoned_timestamp("2000-01-01T02:00:00+02"), Some(0));
        assert_eq!(zoned_timestamp("2000-01-01 00:00:00.000001-0030"), Some(30 * MINUTE + 1));
        assert_eq!(zoned_timestamp("2000-01-01T00:00Z"), Some(0));
        assert_eq!(zoned_timestamp("4714-11-24T00:00:00+00:01 BC"), None);
        assert_eq!(zoned_timestamp("2000-01-01T00:00"), None);
        assert_eq!(zoned_time("14:30:05.5+02:00:01"), Some((12 * HOUR + 30 * MINUTE + 4_500_000, -7201)));
        assert_eq!(time("24:00:00.000001"), None);
    }

    #[test]
    fn durations_are_compared_by_length() {
        for (text, expected) in [
            ("P1M", Some((30, 0))),
            ("P1Y", Some((360, 0))),
            ("P0.1Y", Some((30, 0))),
            ("P1.5M", Some((45, 0))),
            ("P1.5W", Some((10, DAY / 2))),
            ("PT25H", Some((1, HOUR))),
            ("PT-1S", Some((-1, DAY - SECOND))),
            ("P-1DT24H", Some((0, 0))),
            ("PT0.000001S", Some((0, 1))),
            ("P999999999999Y", None),
            ("P2147483647D", Some((2_147_483_647, 0))),
            ("P2147483648D", None),
            ("PT9999999999H", None),
            ("infinity", Some((i64::MAX, 0))),
            ("P1H", None),
        ] {
            assert_eq!(interval(text), expected, "{text}");
        }
    }
}
