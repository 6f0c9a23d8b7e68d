//! Decimal numbers in a form whose bytes have the order of the numbers.
//!
//! ```text
//! sign │ exponent │ digits without zeros at either end
//! ```
//!
//! The exponent is that of the first digit. All but the sign is inverted for negative numbers, and a last byte makes the longer
//! one of two with the same beginning the lesser.

/// A decimal number of any size, or NaN, or an infinity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DecimalKey(Box<[u8]>);

/// First bytes, in the order of PostgreSQL: NaN is greater than any number.
const NEGATIVE_INFINITY: u8 = 0;
const NEGATIVE: u8 = 1;
const ZERO: u8 = 2;
const POSITIVE: u8 = 3;
const INFINITY: u8 = 4;
const NAN: u8 = 5;

impl DecimalKey {
    /// The number of a text such as `-12.50`, `1.25e2` or `NaN`. None of any other text.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let alone = |byte: u8| Some(Self([byte].into()));
        match text {
            "NaN" => return alone(NAN),
            "Infinity" => return alone(INFINITY),
            "-Infinity" => return alone(NEGATIVE_INFINITY),
            _ => {}
        }
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let digits = [whole, fraction].concat();
        if digits.is_empty() || !is_digits(&digits) {
            return None;
        }
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return alone(ZERO);
        }
        let leading = digits.len() - significant.len();
        let before_point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        // The order of signed numbers in that of their bytes.
        let exponent = (i64::from(exponent) + before_point) ^ i64::MIN;
        let magnitude = exponent.to_be_bytes().into_iter().chain(significant.trim_end_matches('0').bytes());
        Some(Self(match is_negative {
            false => [POSITIVE].into_iter().chain(magnitude).collect(),
            true => [NEGATIVE].into_iter().chain(magnitude.map(|byte| !byte)).chain([u8::MAX]).collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> DecimalKey {
        DecimalKey::of(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn decimals_are_ordered_by_value() {
        let long = format!("-{}.{}1", "9".repeat(2000), "0".repeat(2000));
        let ordered = [
            &["-Infinity"][..],
            &[&long],
            &["-100", "-1e2"],
            &["-99.9"],
            &["-1.05"],
            &["-1.0", "-1"],
            &["-0.5"],
            &["-0.05"],
            &["0", "-0.000", "0e7"],
            &["1e-100"],
            &["0.05", ".05", "5e-2"],
            &["0.1"],
            &["1", "+1", "01.00", "10e-1"],
            &["1.000000000000000000000000001"],
            &["9"],
            &["10.5"],
            &["123456789012345678901234567890"],
            &[&long[1..]],
            &["Infinity"],
            &["NaN"],
        ];
        for (at, texts) in ordered.iter().enumerate() {
            for (other_at, others) in ordered.iter().enumerate() {
                for (one, other) in texts.iter().flat_map(|one| others.iter().map(move |other| (one, other)))
                {
                    assert_eq!(key(one).cmp(&key(other)), at.cmp(&other_at), "{one} {other}");
                }
            }
        }
        for text in ["", ".", "-", "1,5", "abc", "1e", "e5", "0x1", "nan", "inf", " 1", "--1"] {
            assert_eq!(DecimalKey::of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn order_is_that_of_numbers(one in any::<i64>(), other in any::<i64>(), scale in 0_usize..30) {
            let text = |number: i64| format!("{number}e-{scale}");
            prop_assert_eq!(key(&text(one)).cmp(&key(&text(other))), one.cmp(&other));
            prop_assert_eq!(key(&text(one)), key(&format!("{one}0e-{}", scale + 1)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = DecimalKey::of(&text);
        }
    }
}
