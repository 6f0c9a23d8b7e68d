//! Values in the order of lists.

use std::cmp::Ordering;

use super::decimal_key::DecimalKey;

/// A value of a column. Nulls come first, then numbers, then text: SQLite has values of any type in a column, in this order.
#[derive(Clone, Debug)]
pub(crate) enum SortValue {
    Null,
    /// A whole number; also a boolean, the rank of a label, and a count of days or microseconds.
    Integer(i64),
    Float(f64),
    Decimal(DecimalKey),
    /// Two whole numbers, the first of which counts more.
    Pair(i64, i64),
    /// Text by code point.
    Text(Box<str>),
}

impl SortValue {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The place of a kind among those that do not compare with each other.
    fn kind(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Integer(_) | Self::Float(_) => 1,
            Self::Decimal(_) => 2,
            Self::Pair(..) => 3,
            Self::Text(_) => 4,
        }
    }
}

impl Ord for SortValue {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => one.cmp(other),
            (Self::Integer(one), Self::Float(other)) => compare_with_float(*one, *other),
            (Self::Float(one), Self::Integer(other)) => compare_with_float(*other, *one).reverse(),
            (Self::Float(one), Self::Float(other)) => compare_floats(*one, *other),
            (Self::Decimal(one), Self::Decimal(other)) => one.cmp(other),
            (Self::Pair(one, one_rest), Self::Pair(other, other_rest)) => {
                one.cmp(other).then_with(|| one_rest.cmp(other_rest))
            }
            // UTF-8 has the order of code points.
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

impl PartialOrd for SortValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortValue {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortValue {}

/// As PostgreSQL compares them: NaN equals itself, and is greater than any other number.
fn compare_floats(one: f64, other: f64) -> Ordering {
    one.partial_cmp(&other).unwrap_or_else(|| one.is_nan().cmp(&other.is_nan()))
}

/// Exact, also for whole numbers that have no equal floating-point number.
fn compare_with_float(whole: i64, float: f64) -> Ordering {
    /// 2^63: the first number that is greater than all of 64 bits.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    match float {
        nan if nan.is_nan() => Ordering::Less,
        large if large >= BEYOND => Ordering::Less,
        small if small < -BEYOND => Ordering::Greater,
        float => whole.cmp(&(float.trunc() as i64)).then_with(|| 0.0_f64.total_cmp(&(float.fract() + 0.0))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{SortValue as V, *};

    /// Values of all kinds in their order; those of one list are equal.
    fn ordered() -> Vec<Vec<V>> {
        let decimal = |text: &str| V::Decimal(DecimalKey::of(text).expect("a number"));
        vec![
            vec![V::Null],
            vec![V::Float(f64::NEG_INFINITY)],
            vec![V::Float(-1e300)],
            vec![V::Integer(i64::MIN), V::Float(-9_223_372_036_854_775_808.0)],
            vec![V::Float(-1.5)],
            vec![V::Integer(-1), V::Float(-1.0)],
            vec![V::Float(-0.5)],
            vec![V::Integer(0), V::Float(0.0), V::Float(-0.0)],
            vec![V::Float(5e-324)],
            vec![V::Integer(9_007_199_254_740_992), V::Float(9_007_199_254_740_992.0)],
            vec![V::Integer(9_007_199_254_740_993)],
            vec![V::Integer(i64::MAX)],
            vec![V::Float(9_223_372_036_854_775_808.0)],
            vec![V::Float(f64::INFINITY)],
            vec![V::Float(f64::NAN), V::Float(-f64::NAN)],
            vec![decimal("-1")],
            vec![decimal("2.50"), decimal("2.5")],
            vec![V::Pair(-1, 5)],
            vec![V::Pair(0, -5)],
            vec![V::text("")],
            vec![V::text("B")],
            vec![V::text("a")],
            vec![V::text("\u{ffff}")],
            vec![V::text("\u{10000}")],
        ]
    }

    #[test]
    fn order_is_that_of_databases() {
        let ordered = ordered();
        for (at, values) in ordered.iter().enumerate() {
            for (other_at, others) in ordered.iter().enumerate() {
                for (one, other) in values.iter().flat_map(|one| others.iter().map(move |other| (one, other)))
                {
                    assert_eq!(one.cmp(other), at.cmp(&other_at), "{one:?} {other:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_compare_with_floats_exactly(whole in any::<i64>(), near in -3_i64..3, bits in any::<u64>()) {
            for float in [whole.saturating_add(near) as f64, f64::from_bits(bits)] {
                if float.is_finite() {
                    let exact = i128::from(whole).cmp(&(float.trunc().clamp(-1e30, 1e30) as i128));
                    let exact = exact.then_with(|| 0.0_f64.partial_cmp(&float.fract()).expect("numbers"));
                    prop_assert_eq!(compare_with_float(whole, float), exact, "{} {}", whole, float);
                }
            }
        }
    }
}
