//! Exact conversion of a row's values to JSON and back, for the position at which a page ends.
//!
//! A converted value is null, or a pair of type and value. Floating-point numbers are encoded as their bits, because
//! JSON cannot represent all of them exactly.

use sea_orm::{
    Value,
    prelude::{
        ChronoDate, ChronoDateTime, ChronoDateTimeUtc, ChronoTime, Decimal, TimeDate, TimeDateTime,
        TimeDateTimeWithTimeZone, TimeTime, Uuid,
    },
};
use serde_json::{Value as Json, json};

/// Encodes a value; `None` for types without an order, such as arrays.
pub(crate) fn encode(value: &Value) -> Option<Json> {
    if *value == value.as_null() {
        return Some(Json::Null);
    }
    Some(match value {
        Value::Bool(Some(truth)) => json!(["truth", truth]),
        Value::TinyInt(Some(number)) => json!(["whole", number]),
        Value::SmallInt(Some(number)) => json!(["whole", number]),
        Value::Int(Some(number)) => json!(["whole", number]),
        Value::BigInt(Some(number)) => json!(["whole", number]),
        Value::TinyUnsigned(Some(number)) => json!(["whole", number]),
        Value::SmallUnsigned(Some(number)) => json!(["whole", number]),
        Value::Unsigned(Some(number)) => json!(["whole", number]),
        Value::BigUnsigned(Some(number)) => json!(["whole", number]),
        Value::Float(Some(number)) => json!(["real", f64::from(*number).to_bits()]),
        Value::Double(Some(number)) => json!(["real", number.to_bits()]),
        Value::Decimal(Some(number)) => json!(["decimal", number.to_string()]),
        Value::String(Some(text)) => json!(["text", text]),
        Value::Char(Some(letter)) => json!(["text", letter]),
        Value::Bytes(Some(bytes)) => json!(["bytes", hex::encode(bytes)]),
        Value::Uuid(Some(id)) => json!(["uuid", id.to_string()]),
        Value::Json(Some(value)) => json!(["json", value]),
        other => return moment(other),
    })
}

/// Encodes dates and times by their components.
fn moment(value: &Value) -> Option<Json> {
    let of_day = |time: TimeTime| time.as_hms_nano();
    Some(match value {
        Value::ChronoDate(Some(date)) => json!(["date", date.to_string()]),
        Value::ChronoTime(Some(time)) => json!(["time", time.to_string()]),
        Value::ChronoDateTime(Some(at)) => json!(["at", format!("{at:?}")]),
        Value::ChronoDateTimeUtc(Some(at)) => instant(*at),
        Value::ChronoDateTimeLocal(Some(at)) => instant(at.to_utc()),
        Value::ChronoDateTimeWithTimeZone(Some(at)) => instant(at.to_utc()),
        Value::TimeDate(Some(date)) => json!(["day", date.to_julian_day()]),
        Value::TimeTime(Some(time)) => json!(["clock", of_day(*time)]),
        Value::TimeDateTime(Some(at)) => json!(["reading", at.date().to_julian_day(), of_day(at.time())]),
        Value::TimeDateTimeWithTimeZone(Some(at)) => {
            json!(["nanoseconds", at.unix_timestamp_nanos().to_string()])
        }
        _ => return None,
    })
}

fn instant(at: ChronoDateTimeUtc) -> Json {
    json!(["instant", at.timestamp(), at.timestamp_subsec_nanos()])
}

/// Decodes a value; `None` for anything that [`encode`] does not produce. A null is valid for every column.
pub(crate) fn decode(cell: &Json) -> Option<Value> {
    if cell.is_null() {
        return Some(Value::String(None));
    }
    let parts = cell.as_array()?;
    let value = parts.get(1)?;
    let text = || value.as_str();
    Some(match parts.first()?.as_str()? {
        "truth" => value.as_bool()?.into(),
        "whole" => match value.as_i64() {
            Some(number) => number.into(),
            None => value.as_u64()?.into(),
        },
        "real" => f64::from_bits(value.as_u64()?).into(),
        "decimal" => text()?.parse::<Decimal>().ok()?.into(),
        "text" => text()?.into(),
        "bytes" => hex::decode(text()?).ok()?.into(),
        "uuid" => text()?.parse::<Uuid>().ok()?.into(),
        "json" => value.clone().into(),
        "date" => text()?.parse::<ChronoDate>().ok()?.into(),
        "time" => text()?.parse::<ChronoTime>().ok()?.into(),
        "at" => text()?.parse::<ChronoDateTime>().ok()?.into(),
        "instant" => {
            let nanoseconds = parts.get(2)?.as_u64()?.try_into().ok()?;
            ChronoDateTimeUtc::from_timestamp(value.as_i64()?, nanoseconds)?.into()
        }
        "day" => day(value)?.into(),
        "clock" => clock(value)?.into(),
        "reading" => TimeDateTime::new(day(value)?, clock(parts.get(2)?)?).into(),
        "nanoseconds" => {
            TimeDateTimeWithTimeZone::from_unix_timestamp_nanos(text()?.parse().ok()?).ok()?.into()
        }
        _ => return None,
    })
}

fn day(value: &Json) -> Option<TimeDate> {
    TimeDate::from_julian_day(value.as_i64()?.try_into().ok()?).ok()
}

fn clock(value: &Json) -> Option<TimeTime> {
    let (hour, minute, second, nano) = serde_json::from_value(value.clone()).ok()?;
    TimeTime::from_hms_nano(hour, minute, second, nano).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::prelude::ChronoDateTimeWithTimeZone;

    use super::*;

    /// Encodes to text and decodes again.
    fn round_trip(value: &Value) -> Value {
        let cell = encode(value).expect("a cell").to_string();
        decode(&serde_json::from_str(&cell).expect("JSON")).expect("a value")
    }

    proptest! {
        #[test]
        fn numbers_and_texts_round_trip(
            whole in any::<i64>(), large in any::<u64>(), bits in any::<u64>(), small in any::<f32>(),
            text in any::<String>(), bytes in any::<Vec<u8>>(), letter in any::<char>(), truth in any::<bool>(),
        ) {
            prop_assert_eq!(round_trip(&whole.into()), Value::from(whole));
            let large_as = i64::try_from(large).map_or(Value::from(large), Value::from);
            prop_assert_eq!(round_trip(&large.into()), large_as);
            let Value::Double(Some(real)) = round_trip(&f64::from_bits(bits).into()) else { panic!("a number") };
            prop_assert_eq!(real.to_bits(), bits);
            prop_assert_eq!(round_trip(&small.into()), Value::from(f64::from(small)));
            prop_assert_eq!(round_trip(&text.clone().into()), Value::from(text));
            prop_assert_eq!(round_trip(&bytes.clone().into()), Value::from(bytes));
            prop_assert_eq!(round_trip(&letter.into()), Value::from(letter.to_string()));
            prop_assert_eq!(round_trip(&truth.into()), Value::from(truth));
        }

        #[test]
        fn dates_and_times_round_trip(
            day in -1_000_000..1_000_000_i32, second in 0..86_400_u32, nano in 0..1_000_000_000_u32,
            east in -840..840_i32,
        ) {
            let date = ChronoDate::from_num_days_from_ce_opt(day).expect("a date");
            let time = ChronoTime::from_num_seconds_from_midnight_opt(second, nano).expect("a time");
            let at = date.and_time(time);
            let zoned: ChronoDateTimeWithTimeZone = at.and_utc().fixed_offset()
                + std::time::Duration::from_secs(east.unsigned_abs().into());
            prop_assert_eq!(round_trip(&date.into()), Value::from(date));
            prop_assert_eq!(round_trip(&time.into()), Value::from(time));
            prop_assert_eq!(round_trip(&at.into()), Value::from(at));
            prop_assert_eq!(round_trip(&at.and_utc().into()), Value::from(at.and_utc()));
            prop_assert_eq!(round_trip(&zoned.into()), Value::from(zoned.to_utc()));
            let date = TimeDate::from_julian_day(day).expect("a date");
            let (hour, minute) = (second / 3600, second / 60 % 60);
            let part = |number: u32| u8::try_from(number).expect("a part of a time");
            let time = TimeTime::from_hms_nano(part(hour), part(minute), part(second % 60), nano).expect("a time");
            let at = TimeDateTime::new(date, time);
            prop_assert_eq!(round_trip(&date.into()), Value::from(date));
            prop_assert_eq!(round_trip(&time.into()), Value::from(time));
            prop_assert_eq!(round_trip(&at.into()), Value::from(at));
            prop_assert_eq!(round_trip(&at.assume_utc().into()), Value::from(at.assume_utc()));
        }

        #[test]
        fn decimals_uuids_and_json_round_trip(
            digits in any::<i64>(), scale in 0..28_u32, id in any::<u128>(), text in any::<String>(),
        ) {
            let decimal = Decimal::new(digits, scale);
            let Value::Decimal(Some(back)) = round_trip(&decimal.into()) else { panic!("a decimal") };
            prop_assert_eq!((back, back.scale()), (decimal, scale));
            let id = Uuid::from_u128(id);
            prop_assert_eq!(round_trip(&id.into()), Value::from(id));
            let document = json!({ "text": text, "list": [digits, null, true] });
            prop_assert_eq!(round_trip(&document.clone().into()), Value::from(document));
        }

        /// Positions come from clients and may contain anything.
        #[test]
        fn arbitrary_input_does_not_panic(name in "[a-z]{0,11}", number in any::<i64>(), text in any::<String>()) {
            for name in ["date", "time", "at", "instant", "day", "clock", "reading", "nanoseconds", &name] {
                for value in [json!(number), json!(text), json!([number, 0, 0, 0]), json!(null)] {
                    let _ = decode(&json!([name, value]));
                    let _ = decode(&json!([name, value, number]));
                }
            }
        }
    }

    #[test]
    fn null_of_any_type_encodes_as_null() {
        for null in [Value::Bool(None), Value::BigInt(None), Value::Uuid(None), Value::Json(None)] {
            assert_eq!(encode(&null), Some(Json::Null));
        }
        assert_eq!(decode(&Json::Null), Some(Value::String(None)));
    }
}
