//! JSON's numbers: which are whole, and how one is spelled where text is wanted.
//!
//! A number counts by its value, not by its spelling: `900`, `900.0` and `9e2` are the same. JavaScript has whole
//! numbers up to 2^53 in size; beyond, neighbours become one, so those are refused.

use crate::json::Refusal;

pub(crate) const NOT_WHOLE: &str = "must be a whole number";
const NOT_NUMBER: &str = "must be a number";
const TOO_LARGE: &str = "must be at most 9007199254740991";
const TOO_SMALL: &str = "must be at least -9007199254740991";
const BEYOND: &str = "is too large a number";

/// The largest whole number that JavaScript has apart from its neighbours (`Number.MAX_SAFE_INTEGER`).
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// The number in this text, if it is whole and JavaScript has it.
pub(crate) fn whole(number: &str) -> Result<i64, Refusal> {
    match number.parse() {
        Ok(whole) if is_safe_integer(whole) => return Ok(whole),
        // Too long for 64 bits, or nearly: as a float it might round back.
        _ if is_digits(number.strip_prefix(['+', '-']).unwrap_or(number)) => {
            return Err(Refusal::here(if number.starts_with('-') { TOO_SMALL } else { TOO_LARGE }));
        }
        _ => {}
    }
    match float(number) {
        Some(float) if float > MAX_SAFE_INTEGER as f64 => Err(Refusal::here(TOO_LARGE)),
        Some(float) if float < -MAX_SAFE_INTEGER as f64 => Err(Refusal::here(TOO_SMALL)),
        #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked just before")]
        Some(float) if float.fract() == 0.0 => Ok(float as i64),
        _ => Err(Refusal::here(NOT_WHOLE)),
    }
}

/// The number in this text, as JavaScript has it; none that is infinite there.
pub(crate) fn real(number: &str) -> Result<f64, Refusal> {
    match float(number) {
        Some(float) if float.is_finite() => Ok(float),
        Some(_) => Err(Refusal::here(BEYOND)),
        None => Err(Refusal::here(NOT_NUMBER)),
    }
}

/// A number of JSON's as text. What is written as a whole number keeps its digits, however many; any other is what
/// JavaScript makes of it, by the fewest digits that say which, and without an exponent.
pub(crate) fn spelled(number: &str) -> Result<String, Refusal> {
    if number == "-0" {
        return Ok("0".to_owned());
    }
    if is_digits(number.strip_prefix('-').unwrap_or(number)) {
        return Ok(number.to_owned());
    }
    // Zero has a sign that no text has.
    real(number).map(|float| if float == 0.0 { "0".to_owned() } else { float.to_string() })
}

/// Whether this is one number in JavaScript, and none of its neighbours.
#[must_use]
pub fn is_safe_integer(number: i64) -> bool {
    (-MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER).contains(&number)
}

fn float(number: &str) -> Option<f64> {
    // Rust also reads "inf" and "nan"; JSON and forms have none.
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    plain.then(|| number.parse().ok()).flatten()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sentence<T>(read: Result<T, Refusal>) -> Option<&'static str> {
        read.err().map(|refusal| refusal.sentence)
    }

    #[test]
    fn a_number_counts_by_its_value() {
        for (written, text) in [
            ("900", "900"),
            ("900.0", "900"),
            ("9e2", "900"),
            ("9E+2", "900"),
            ("1.50", "1.5"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e7", "0"),
            ("-12.25", "-12.25"),
            ("5.0", "5"),
            ("0.1", "0.1"),
            ("1e-7", "0.0000001"),
            ("1e21", "1000000000000000000000"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("0.1000000000000000055511151231257827", "0.1"),
        ] {
            assert_eq!(spelled(written).unwrap(), text, "{written}");
        }
        assert_eq!(sentence(spelled("1e400")), Some(BEYOND));
        assert_eq!(sentence(real("-1e400")), Some(BEYOND));
        assert_eq!(sentence(real("abc")), Some(NOT_NUMBER));
    }

    #[test]
    fn whole_numbers_end_where_javascripts_do() {
        assert_eq!(whole("9007199254740991").unwrap(), MAX_SAFE_INTEGER);
        assert_eq!(whole("-9007199254740991").unwrap(), -MAX_SAFE_INTEGER);
        assert_eq!(whole("9007199254740991.0").unwrap(), MAX_SAFE_INTEGER);
        for large in ["9007199254740992", "9007199254740992.0", "9223372036854775808", "1e16", "1e999"] {
            assert_eq!(sentence(whole(large)), Some(TOO_LARGE), "{large}");
        }
        for small in ["-9007199254740992", "-9223372036854775809000", "-1e16", "-1e999"] {
            assert_eq!(sentence(whole(small)), Some(TOO_SMALL), "{small}");
        }
    }

    proptest! {
        /// However a number is spelled, its text is the same, and is that number.
        #[test]
        fn every_spelling_has_one_text(float in any::<f64>().prop_filter("JSON has it", |float| float.is_finite())) {
            let text = spelled(&format!("{float:e}")).unwrap();
            prop_assert_eq!(&spelled(&format!("{float:?}")).unwrap(), &text);
            if float.fract() != 0.0 {
                prop_assert_eq!(&spelled(&format!("{float}000")).unwrap(), &text);
            }
            prop_assert_eq!(text.parse::<f64>().unwrap(), float + 0.0);
            prop_assert!(!text.contains(['e', 'E', '+']) && text != "-0");
            prop_assert_eq!(&spelled(&text).unwrap(), &text);
        }

        #[test]
        fn whole_numbers_keep_their_digits(digits in "-?[1-9][0-9]{0,60}") {
            prop_assert_eq!(&spelled(&digits).unwrap(), &digits);
        }

        #[test]
        fn whole_numbers_are_read_from_every_spelling(
            number in -MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER,
            beyond in MAX_SAFE_INTEGER + 1..=i64::MAX,
        ) {
            for spelling in [number.to_string(), format!("{number}.0"), format!("{:e}", number as f64)] {
                prop_assert_eq!(whole(&spelling).ok(), Some(number), "{}", spelling);
            }
            prop_assert_eq!(sentence(whole(&beyond.to_string())), Some(TOO_LARGE));
            prop_assert_eq!(sentence(whole(&(-beyond).to_string())), Some(TOO_SMALL));
        }
    }
}
