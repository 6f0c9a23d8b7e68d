//! Numbers of payloads, with all their digits.

use std::cmp::Ordering;

use rowcast_schema::is_safe_integer;

use super::{Refusal, Shallow};
use crate::tables::decimal::{self, Decimal};

pub(super) fn integer(value: Shallow<'_>, min: i64, max: i64) -> Result<String, Refusal> {
    let number = value.scalar().ok_or("must be a whole number")?.integer()?;
    match () {
        () if number < min => Err(format!("must be at least {min}").into()),
        () if number > max => Err(format!("must be at most {max}").into()),
        () => Ok(number.to_string()),
    }
}

/// A whole number of 64 bits, of which JavaScript writes large ones as text.
pub(super) fn digits(value: Shallow<'_>) -> Result<String, Refusal> {
    const SENTENCE: &str = "must be a whole number, as text if it has more than 15 digits";
    let text = match value {
        Shallow::Number(text) => text.to_owned(),
        Shallow::Text(text) => text.trim().to_owned(),
        _ => return Err(SENTENCE.into()),
    };
    if let Ok(number) = text.parse::<i64>() {
        return Ok(number.to_string());
    }
    let decimal = Decimal::parse(&text).filter(|decimal| decimal.significant_scale() == 0).ok_or(SENTENCE)?;
    let whole = decimal.to_string();
    let whole = whole.split('.').next().unwrap_or_default();
    match whole.parse::<i64>() {
        Ok(number) if is_safe_integer(number) => Ok(number.to_string()),
        _ if whole.starts_with('-') => Err(format!("must be at least {}", i64::MIN).into()),
        _ => Err(format!("must be at most {}", i64::MAX).into()),
    }
}

pub(super) fn decimal(
    value: Shallow<'_>,
    precision: Option<u32>,
    scale: Option<i32>,
) -> Result<String, Refusal> {
    const SENTENCE: &str = "must be a number, as text if it has more than 15 digits";
    let text = match value {
        Shallow::Number(text) => text.to_owned(),
        Shallow::Text(text) => text.trim().to_owned(),
        _ => return Err(SENTENCE.into()),
    };
    if matches!(&*text, "NaN" | "Infinity" | "-Infinity") {
        // A number with a precision may be no infinity, but may be none at all.
        return match precision.is_none() || text == "NaN" {
            true => Ok(text),
            false => Err("must be a finite number".into()),
        };
    }
    let number = Decimal::parse(&text).ok_or(SENTENCE)?;
    let scale_limit = scale.and_then(|scale| usize::try_from(scale).ok());
    if let Some(limit) = scale_limit.filter(|limit| number.significant_scale() > *limit) {
        return Err(match limit {
            0 => "must be a whole number".into(),
            1 => "has more than 1 digit after the point".into(),
            _ => format!("has more than {limit} digits after the point").into(),
        });
    }
    // A negative scale: digits before the point are zero.
    let zeros = scale.map_or(0, |scale| usize::try_from(-i64::from(scale)).unwrap_or(0));
    if zeros > 0 && !number.is_multiple_of_ten_to(zeros) {
        return Err(format!("must be a multiple of 1{}", "0".repeat(zeros)).into());
    }
    if let (Some(precision), Some(scale)) = (precision, scale) {
        let whole = i64::from(precision) - i64::from(scale);
        if number.whole_digits() as i64 > whole {
            return Err(format!("has more than {whole} digits before the point").into());
        }
    }
    Ok(number.to_string())
}

/// The range of PostgreSQL's type: cents in 64 bits.
pub(super) fn money(value: Shallow<'_>) -> Result<String, Refusal> {
    const MOST: &str = "92233720368547758.07";
    const LEAST: &str = "-92233720368547758.08";
    let text = decimal(value, Some(19), Some(2))?;
    let Some(number) = Decimal::parse(&text) else { return Err("must be a finite number".into()) };
    let is_beyond = |limit: &str, side| {
        Decimal::parse(limit).is_some_and(|limit| decimal::compare(&number, &limit) == side)
    };
    match () {
        () if is_beyond(MOST, Ordering::Greater) => Err(format!("must be at most {MOST}").into()),
        () if is_beyond(LEAST, Ordering::Less) => Err(format!("must be at least {LEAST}").into()),
        () => Ok(text),
    }
}

pub(super) fn float(value: Shallow<'_>) -> Result<String, Refusal> {
    if let Shallow::Text(text) = &value
        && let special @ ("NaN" | "Infinity" | "-Infinity") = text.trim()
    {
        return Ok(special.to_owned());
    }
    let number = value.scalar().ok_or("must be a number")?.number()?;
    Ok(format!("{number:?}"))
}
