//! JSON numbers: conversion to whole numbers and to text.
//!
//! Numbers are compared by value: `900`, `900.0` and `9e2` are equal. JavaScript represents whole numbers exactly up to
//! 2^53; larger ones are refused.

use serde_json::Number;

use crate::lenient::FieldError;

pub(crate) const NOT_WHOLE: &str = "must be a whole number";
pub(crate) const NOT_NUMBER: &str = "must be a number";
const TOO_LARGE: &str = "must be at most 9007199254740991";
const TOO_SMALL: &str = "must be at least -9007199254740991";
const BEYOND: &str = "is too large a number";

/// The largest whole number that JavaScript distinguishes from its neighbours (`Number.MAX_SAFE_INTEGER`).
pub const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// Parses a whole number that JavaScript represents exactly.
pub(crate) fn whole(number: &str) -> Result<i64, FieldError> {
    match number.parse() {
        Ok(whole) if is_safe_integer(whole) => return Ok(whole),
        // Out of range: converted to a float it might round back into the range.
        _ if is_digits(number.strip_prefix(['+', '-']).unwrap_or(number)) => {
            return Err(FieldError::new(if number.starts_with('-') { TOO_SMALL } else { TOO_LARGE }));
        }
        _ => {}
    }
    match float(number) {
        Some(float) if float > MAX_SAFE_INTEGER as f64 => Err(FieldError::new(TOO_LARGE)),
        Some(float) if float < -MAX_SAFE_INTEGER as f64 => Err(FieldError::new(TOO_SMALL)),
        #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked just before")]
        Some(float) if float.fract() == 0.0 => Ok(float as i64),
        _ => Err(FieldError::new(NOT_WHOLE)),
    }
}

/// Parses a finite number, as JavaScript does. Zero has no sign.
pub(crate) fn real(number: &str) -> Result<f64, FieldError> {
    match float(number) {
        Some(float) if float.is_finite() => Ok(float + 0.0),
        Some(_) => Err(FieldError::new(BEYOND)),
        None => Err(FieldError::new(NOT_NUMBER)),
    }
}

/// A JSON number as text. A number written without fraction and exponent keeps its digits; any other is rounded as in
/// JavaScript, and printed with the fewest digits that identify it, without an exponent.
pub(crate) fn to_text(number: &str) -> Result<String, FieldError> {
    if number == "-0" {
        return Ok("0".to_owned());
    }
    if is_digits(number.strip_prefix('-').unwrap_or(number)) {
        return Ok(number.to_owned());
    }
    real(number).map(|float| float.to_string())
}

/// Whether JavaScript distinguishes this number from its neighbours.
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

/// A number in a sentence: `1000` for `1000.0`.
pub(crate) fn without_zeros(number: &Number) -> String {
    let text = number.to_string();
    text.strip_suffix(".0").map(ToOwned::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sentence<T>(read: Result<T, FieldError>) -> Option<&'static str> {
        read.err().map(|error| error.sentence)
    }

    #[test]
    fn equal_numbers_have_equal_text() {
        for (notation, text) in [
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
            assert_eq!(to_text(notation).unwrap(), text, "{notation}");
        }
        assert_eq!(sentence(to_text("1e400")), Some(BEYOND));
        assert_eq!(sentence(real("-1e400")), Some(BEYOND));
        assert_eq!(sentence(real("abc")), Some(NOT_NUMBER));
    }

    #[test]
    fn whole_number_beyond_2_to_53_is_refused() {
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
        #[test]
        fn text_is_equal_for_all_notations_and_parses_back(float in any::<f64>().prop_filter("JSON has it", |float| float.is_finite())) {
            let text = to_text(&format!("{float:e}")).unwrap();
            prop_assert_eq!(&to_text(&format!("{float:?}")).unwrap(), &text);
            if float.fract() != 0.0 {
                prop_assert_eq!(&to_text(&format!("{float}000")).unwrap(), &text);
            }
            prop_assert_eq!(text.parse::<f64>().unwrap(), float + 0.0);
            prop_assert!(!text.contains(['e', 'E', '+']) && text != "-0");
            prop_assert_eq!(&to_text(&text).unwrap(), &text);
        }

        #[test]
        fn whole_number_keeps_its_digits(digits in "-?[1-9][0-9]{0,60}") {
            prop_assert_eq!(&to_text(&digits).unwrap(), &digits);
        }

        #[test]
        fn whole_number_parses_from_every_notation(
            number in -MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER,
            beyond in MAX_SAFE_INTEGER + 1..=i64::MAX,
        ) {
            for notation in [number.to_string(), format!("{number}.0"), format!("{:e}", number as f64)] {
                prop_assert_eq!(whole(&notation).ok(), Some(number), "{}", notation);
            }
            prop_assert_eq!(sentence(whole(&beyond.to_string())), Some(TOO_LARGE));
            prop_assert_eq!(sentence(whole(&(-beyond).to_string())), Some(TOO_SMALL));
        }
    }
}
