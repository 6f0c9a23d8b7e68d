//! Columns of every type, and random values of each, as clients send them, which is also how they come back.

use std::fmt::Write as _;

use proptest::{
    prelude::*,
    strategy::{BoxedStrategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use super::Exact;

/// How two values are compared.
#[derive(Clone, Copy, PartialEq)]
enum Compared {
    Text,
    /// By the bits of the number.
    Single,
    Double,
}

pub(super) struct Field {
    pub(super) name: &'static str,
    column: &'static str,
    compared: Compared,
    /// JSON texts.
    values: BoxedStrategy<String>,
}

impl Field {
    /// A value, or null now and then.
    pub(super) fn value(&self, runner: &mut TestRunner) -> String {
        let values = prop_oneof![1 => Just("null".to_owned()), 9 => self.values.clone()];
        values.new_tree(runner).unwrap().current()
    }

    pub(super) fn comparable(&self, value: &str) -> Exact {
        self.comparable_exact(&Exact::parse(value))
    }

    pub(super) fn comparable_exact(&self, value: &Exact) -> Exact {
        let number = match value {
            Exact::Plain(number) if number != "null" => number,
            _ => return value.clone(),
        };
        match self.compared {
            Compared::Text => value.clone(),
            Compared::Single => {
                Exact::Plain(format!("{:x}", (number.parse::<f32>().unwrap() + 0.0).to_bits()))
            }
            // The sign of zero is not kept.
            Compared::Double => {
                Exact::Plain(format!("{:x}", (number.parse::<f64>().unwrap() + 0.0).to_bits()))
            }
        }
    }
}

pub(super) fn coin(runner: &mut TestRunner) -> bool {
    any::<bool>().new_tree(runner).unwrap().current()
}

pub(super) fn payload(id: usize, values: &[(&Field, String)]) -> String {
    let mut payload = format!("{{\"id\":{id}");
    for (field, value) in values {
        write!(payload, ",\"{}\":{value}", field.name).unwrap();
    }
    payload + "}"
}

pub(super) fn table(fields: &[Field]) -> String {
    let types = match fields.iter().any(|field| field.column == "mood") {
        true => {
            "create type mood as enum ('sad', 'ok', 'it''s \"grand\"'); create domain positive as numeric check (value > 0);"
        }
        false => "",
    };
    let columns: Vec<String> =
        fields.iter().map(|field| format!("{} {}", field.name, field.column)).collect();
    format!("{types} create table samples (id integer not null primary key, {})", columns.join(", "))
}

fn field(name: &'static str, column: &'static str, values: impl Strategy<Value = Value> + 'static) -> Field {
    let values = values.prop_map(|value| value.to_string()).boxed();
    Field { name, column, compared: Compared::Text, values }
}

/// Values that are JSON texts already.
fn plain(
    name: &'static str,
    column: &'static str,
    compared: Compared,
    values: impl Strategy<Value = String> + 'static,
) -> Field {
    Field { name, column, compared, values: values.boxed() }
}

pub(super) fn fields(is_postgres: bool) -> Vec<Field> {
    let mut fields = vec![
        field("small", "smallint", any::<i16>().prop_map(|number| json!(number))),
        field("big", "bigint", big()),
        field("words", "text", words().prop_map(Value::from)),
        field("short", "varchar(5)", short_words().prop_map(Value::from)),
        field("truth", "boolean", any::<bool>().prop_map(Value::from)),
        field("tag", "uuid", any::<[u8; 16]>().prop_map(|bytes| json!(uuid::Uuid::from_bytes(bytes)))),
        field("day", "date", date().prop_map(Value::from)),
        field("local", "timestamp", (date(), time()).prop_map(|(day, time)| json!(format!("{day}T{time}")))),
        field("clock", "time", time().prop_map(Value::from)),
        plain("document", if is_postgres { "jsonb" } else { "json" }, Compared::Text, document(is_postgres)),
        field(
            "bytes",
            if is_postgres { "bytea" } else { "blob" },
            bytes().prop_map(|bytes| json!(base64(&bytes))),
        ),
    ];
    fields.extend(if is_postgres { postgres() } else { sqlite() });
    fields
}

fn sqlite() -> Vec<Field> {
    let safe = 9_007_199_254_740_991_i64;
    let digits = (any::<bool>(), 1..999_999_999_999_999_u64, 0..10_u32).prop_map(|(minus, digits, scale)| {
        // As SQLite prints it: without zeros at the end.
        let text = decimal(minus, &digits.to_string(), scale as usize);
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        json!(text)
    });
    vec![
        field("whole", "integer", prop_oneof![Just(safe), Just(-safe), -safe..safe].prop_map(Value::from)),
        field("exact", "numeric", digits),
        plain("double", "double precision", Compared::Double, double(&["Infinity", "-Infinity"])),
    ]
}

fn postgres() -> Vec<Field> {
    let ends = |values: &[&str]| {
        proptest::sample::select(values.iter().map(|&value| json!(value)).collect::<Vec<_>>())
    };
    let zoned = || (date(), time()).prop_map(|(day, time)| json!(format!("{day}T{time}+00:00")));
    let mood = || proptest::sample::select(vec!["sad", "ok", "it's \"grand\""]).prop_map(Value::from);
    let many = |values: BoxedStrategy<Value>| {
        let nullable = prop_oneof![1 => Just(Value::Null), 6 => values];
        proptest::collection::vec(nullable, 0..6).prop_map(Value::from)
    };
    let table = (1..4_usize, 1..4_usize).prop_flat_map(|(rows, columns)| {
        proptest::collection::vec(proptest::collection::vec(any::<i32>(), columns), rows)
            .prop_map(|rows| json!(rows))
    });
    let cents = |places: &'static str| {
        any::<i64>().prop_map(move |number| {
            // A money of 15 digits before the point.
            let number = number % if places == "money" { 100_000_000_000_000_000 } else { 1_000_000_000_000 };
            json!(decimal(number < 0, &number.unsigned_abs().to_string(), 2))
        })
    };
    vec![
        field("whole", "integer", any::<i32>().prop_map(Value::from)),
        field(
            "exact",
            "numeric",
            prop_oneof![1 => ends(&["NaN", "Infinity", "-Infinity", "0"]), 6 => numeric()],
        ),
        field("cents", "numeric(12, 2)", cents("numeric")),
        field("cash", "money", cents("money")),
        plain("single", "real", Compared::Single, single()),
        plain(
            "double",
            "double precision",
            Compared::Double,
            double(&["NaN", "Infinity", "-Infinity", "-0.0"]),
        ),
        field("blank", "char(5)", short_words().prop_map(|words| json!(words.trim_end_matches(' ')))),
        field("moment", "timestamptz", prop_oneof![1 => ends(&["infinity", "-infinity"]), 9 => zoned()]),
        field(
            "zoned",
            "timetz",
            (time(), 0..14).prop_map(|(time, hours)| json!(format!("{time}+{hours:02}"))),
        ),
        field("span", "interval", interval()),
        plain("raw", "json", Compared::Text, document(true)),
        field("mood", "mood", mood()),
        field(
            "domain",
            "positive",
            numeric().prop_map(|value| json!(value.as_str().unwrap().trim_start_matches('-'))),
        ),
        field("span_of_numbers", "int4range", range()),
        field("numbers", "integer[]", many(any::<i32>().prop_map(Value::from).boxed())),
        field("grid", "integer[][]", table),
        field("bigs", "bigint[]", many(big().boxed())),
        field("exacts", "numeric[]", many(numeric().boxed())),
        field("texts", "text[]", many(words().prop_map(Value::from).boxed())),
        field("truths", "boolean[]", many(any::<bool>().prop_map(Value::from).boxed())),
        field("moods", "mood[]", many(mood().boxed())),
        field("moments", "timestamptz[]", many(zoned().boxed())),
        field("days", "date[]", many(date().prop_map(Value::from).boxed())),
    ]
}

fn big() -> impl Strategy<Value = Value> {
    let ends = proptest::sample::select(vec![i64::MIN, i64::MAX, 0, 9_007_199_254_740_993]);
    prop_oneof![1 => ends, 3 => any::<i64>()].prop_map(|number| json!(number.to_string()))
}

/// Text of any characters but the one that no text of PostgreSQL has.
fn words() -> impl Strategy<Value = String> {
    let odd = [
        "",
        " ",
        "null",
        "\u{1F469}\u{200D}\u{1F3EB}",
        "\u{FFFF}\u{10FFFF}",
        "'\"\\ \n\r\t\u{1}",
        "{}",
        "e\u{301}",
        "\u{2028}",
    ];
    prop_oneof![1 => proptest::sample::select(odd.map(str::to_owned).to_vec()), 3 => any::<String>()]
        .prop_map(|text| text.replace('\0', "?"))
}

fn short_words() -> impl Strategy<Value = String> {
    words().prop_map(|text| text.chars().take(5).collect())
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..40)
}

/// Digits with a point before the last ones.
fn decimal(minus: bool, digits: &str, scale: usize) -> String {
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let is_zero = digits.bytes().all(|digit| digit == b'0');
    let (sign, point) = (if minus && !is_zero { "-" } else { "" }, if scale == 0 { "" } else { "." });
    format!("{sign}{whole}{point}{fraction}")
}

fn numeric() -> impl Strategy<Value = Value> {
    (any::<bool>(), "[1-9][0-9]{0,80}", 0..60_usize)
        .prop_map(|(minus, digits, scale)| json!(decimal(minus, &digits, scale)))
}

fn double(words: &[&str]) -> impl Strategy<Value = String> + use<> {
    let word = |word: &&str| if word.starts_with("-0") { (*word).to_owned() } else { format!("\"{word}\"") };
    let words: Vec<String> = words.iter().map(word).collect();
    let ends = vec![f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 0.1, 1e23, 9_007_199_254_740_993.0, 0.0];
    let normal = proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL;
    let numbers = prop_oneof![proptest::sample::select(ends), normal];
    prop_oneof![1 => proptest::sample::select(words), 4 => numbers.prop_map(|number| format!("{number:e}"))]
}

fn single() -> impl Strategy<Value = String> {
    let ends = proptest::sample::select(vec![f32::MAX, f32::MIN, 1e-45, 0.1, 16_777_216.0]);
    let normal = proptest::num::f32::NORMAL | proptest::num::f32::SUBNORMAL;
    prop_oneof![1 => ends, 4 => normal].prop_map(|number| format!("{number:e}"))
}

fn date() -> impl Strategy<Value = String> {
    (1..=9999, 1..=12, 1..=28).prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

fn time() -> impl Strategy<Value = String> {
    (0..24, 0..60, 0..60, fraction())
        .prop_map(|(hour, minute, second, fraction)| format!("{hour:02}:{minute:02}:{second:02}{fraction}"))
}

/// Microseconds without zeros at the end.
fn fraction() -> impl Strategy<Value = String> {
    prop_oneof![Just(0), Just(1), Just(999_999), Just(500_000), 0..1_000_000].prop_map(
        |micros| match micros {
            0 => String::new(),
            micros => format!(".{micros:06}").trim_end_matches('0').to_owned(),
        },
    )
}

fn interval() -> impl Strategy<Value = Value> {
    (1..1000, 1..12, 1..1000, 1..1000, 1..60, 1..60, fraction()).prop_map(
        |(years, months, days, hours, minutes, seconds, fraction)| {
            json!(format!("P{years}Y{months}M{days}DT{hours}H{minutes}M{seconds}{fraction}S"))
        },
    )
}

fn range() -> impl Strategy<Value = Value> {
    let between =
        (any::<i16>(), 1..1000_i32).prop_map(|(from, more)| format!("[{from},{})", i32::from(from) + more));
    let open = any::<i16>().prop_map(|end| format!("(,{end})"));
    prop_oneof![3 => between, 1 => open, 1 => Just("empty".to_owned())].prop_map(Value::from)
}

/// JSON with numbers that doubles do not have, in the form in which clients write a document.
fn document(is_postgres: bool) -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        "[1-9][0-9]{20,40}",
        "-?[1-9][0-9]{0,5}\\.[0-9]{0,30}[1-9]",
    ];
    let text = words().prop_map(|text| json!(text).to_string());
    let leaf =
        prop_oneof![Just("null".to_owned()), any::<bool>().prop_map(|truth| truth.to_string()), number, text];
    let nested = leaf.prop_recursive(4, 32, 5, |inner| {
        let names =
            prop_oneof![words(), proptest::sample::select(vec!["__proto__", "id"]).prop_map(str::to_owned)];
        let objects = proptest::collection::btree_map(names, inner.clone(), 0..5).prop_map(|fields| {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
            format!("{{{}}}", fields.join(","))
        });
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            objects
        ]
    });
    // JSON's null, and an object that has `$json` alone, are wrapped.
    nested.prop_map(move |document| match Exact::parse(&document) {
        // SQLite converts a number that is all of a document.
        Exact::Plain(_) if !is_postgres => format!("[{document}]"),
        Exact::Plain(plain) if plain == "null" => "{\"$json\":null}".to_owned(),
        Exact::Object(fields) if fields.len() == 1 && fields.contains_key("$json") => {
            format!("{{\"$json\":{document}}}")
        }
        _ => document,
    })
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
