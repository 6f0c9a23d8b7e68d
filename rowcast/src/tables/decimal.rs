//! Decimal numbers as text, of any length.

use std::cmp::Ordering;

/// The most digits before and after the point together, and the largest exponent.
const MAX_DIGITS: usize = 1000;

/// A decimal number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: String,
    /// Digits after the point, with all zeros that were written.
    fraction: String,
}

impl Decimal {
    /// Reads `-12.50` or `1.25e2`. None if the text is no number, or has too many digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let size = whole.len() + fraction.len();
        if size == 0 || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let shift = usize::try_from(exponent.unsigned_abs()).ok()?;
        if size + shift > MAX_DIGITS {
            return None;
        }
        let (mut whole, mut fraction) = (whole.to_owned(), fraction.to_owned());
        if exponent > 0 {
            let moved = fraction.len().min(shift);
            let rest = fraction.split_off(moved);
            whole.push_str(&std::mem::replace(&mut fraction, rest));
            whole.extend(std::iter::repeat_n('0', shift - moved));
        } else {
            let kept = whole.len().saturating_sub(shift);
            let moved = whole.split_off(kept);
            fraction.insert_str(0, &format!("{}{moved}", "0".repeat(shift - moved.len())));
        }
        let whole = whole.trim_start_matches('0').to_owned();
        Some(Self { negative, whole, fraction })
    }

    /// The number of digits before the point.
    pub(super) fn whole_digits(&self) -> usize {
        self.whole.len()
    }

    /// The number of digits after the point, without zeros at the end.
    pub(super) fn significant_scale(&self) -> usize {
        self.fraction.trim_end_matches('0').len()
    }

    /// Whether the number is whole and ends with so many zeros.
    pub(super) fn is_multiple_of_ten_to(&self, zeros: usize) -> bool {
        let ends = self.whole.len() - self.whole.trim_end_matches('0').len();
        self.significant_scale() == 0 && (self.whole.is_empty() || ends >= zeros)
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.significant_scale() == 0
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        let by_length = self.whole.len().cmp(&other.whole.len());
        let digits = |number: &Self| number.fraction.trim_end_matches('0').to_owned();
        by_length.then_with(|| self.whole.cmp(&other.whole)).then_with(|| digits(self).cmp(&digits(other)))
    }
}

/// By value: `1.50` and `1.5` are equal.
pub(super) fn compare(one: &Decimal, other: &Decimal) -> Ordering {
    let sign = |number: &Decimal| match (number.is_zero(), number.negative) {
        (true, _) => 0,
        (_, true) => -1,
        (_, false) => 1,
    };
    match (sign(one), sign(other)) {
        (-1, -1) => other.magnitude(one),
        (1, 1) => one.magnitude(other),
        (one, other) => one.cmp(&other),
    }
}

/// Without an exponent, with the zeros that were written.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.negative && !self.is_zero() { "-" } else { "" };
        let whole = if self.whole.is_empty() { "0" } else { &self.whole };
        match self.fraction.is_empty() {
            true => write!(f, "{sign}{whole}"),
            false => write!(f, "{sign}{whole}.{}", self.fraction),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"))
    }

    #[test]
    fn decimal_keeps_zeros_and_resolves_exponents() {
        for (text, expected) in [
            ("12.50", "12.50"),
            ("-0.0", "0.0"),
            ("+7", "7"),
            ("007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1.25e2", "125"),
            ("1.25e1", "12.5"),
            ("1.25e4", "12500"),
            ("125e-2", "1.25"),
            ("5e-3", "0.005"),
            ("-1.5e-3", "-0.0015"),
            ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
        ] {
            assert_eq!(decimal(text).to_string(), expected, "{text}");
        }
        for text in ["", ".", "-", "1,5", "abc", "1e", "0x1", "1e5000", "NaN", " 1", "--1", &"9".repeat(1001)]
        {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn order_is_that_of_numbers(one in -1_000_000_i64..1_000_000, other in -1_000_000_i64..1_000_000, scale in 0_u32..4) {
            let text = |number: i64| {
                let divisor = 10_i64.pow(scale);
                let sign = if number < 0 { "-" } else { "" };
                let (whole, rest) = (number.abs() / divisor, number.abs() % divisor);
                if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest:0width$}", width = scale as usize) }
            };
            prop_assert_eq!(compare(&decimal(&text(one)), &decimal(&text(other))), one.cmp(&other));
            prop_assert_eq!(compare(&decimal(&text(one)), &decimal(&format!("{}e0", text(one)))), Ordering::Equal);
        }

        #[test]
        fn text_parses_back(text in "-?[1-9][0-9]{0,40}(\\.[0-9]{1,30})?") {
            prop_assert_eq!(decimal(&text).to_string(), text);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = Decimal::parse(&text);
        }
    }
}
