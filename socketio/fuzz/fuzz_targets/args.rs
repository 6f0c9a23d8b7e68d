//! Arguments and attachments from a client, decoded as types that a handler might use. A value that fits can be encoded
//! and decoded again, and every binary value is one of the attachments. Arguments that a stock client would reject are
//! detected.
//!
//! An input is a JSON array and any number of attachments, with a zero byte before each.

#![no_main]

use std::{
    collections::BTreeMap,
    fmt::{self, Debug},
};

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Visitor},
};
use serde_json::{Value, value::RawValue};
use socketio::{Args, Binary, fuzzing};

/// The default limit of nesting.
const MAX_DEPTH: usize = 128;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct File {
    name: String,
    parts: Vec<Binary>,
    #[serde(default)]
    thumbnail: Option<Box<File>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Bytes(Binary),
    Number(i64),
    Text(String),
    Many(Vec<Either>),
    Named(BTreeMap<String, Either>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Message {
    Said { text: String },
    Sent { file: Binary, name: Option<String> },
}

fuzz_target!(|input: &[u8]| {
    let mut parts = input.split(|byte| *byte == 0);
    let Ok(json) = serde_json::from_slice(parts.next().unwrap_or_default()) else { return };
    let args = fuzzing::args(json, parts.map(Bytes::copy_from_slice).collect());
    look(&args);
    for index in 0..args.len().min(8) {
        let _ = args.get::<Value>(index);
        round::<Option<u8>>(&args, index);
        round::<String>(&args, index);
        round::<Vec<i64>>(&args, index);
        round::<File>(&args, index);
        round::<Either>(&args, index);
        round::<Message>(&args, index);
        round::<Vec<Option<Binary>>>(&args, index);
        round::<(Binary, Either)>(&args, index);
        if let Some(Binary(bytes)) = round::<Binary>(&args, index) {
            assert!(args.attachments().contains(&bytes));
        }
    }
    assert!(args.get::<Option<Binary>>(args.len()).is_ok_and(|none| none.is_none()));
    assert!(args.get::<Binary>(args.len()).is_err());
});

/// The argument as this type, after encoding and decoding it.
fn round<T: Debug + PartialEq + Serialize + DeserializeOwned>(args: &Args, index: usize) -> Option<T> {
    let value = args.get::<T>(index).ok()?;
    let mut sent = socketio::args![Binary::from("before")];
    sent.push(&value).expect("what was JSON is JSON again");
    assert_eq!(sent.get::<T>(1).expect("what was sent can be read"), value);
    for attachment in &sent.attachments()[1..] {
        assert!(args.attachments().contains(attachment), "bytes from nowhere");
    }
    Some(value)
}

/// Checks the placeholders by other means than the server's.
fn look(args: &Args) {
    let count = args.attachments().len();
    if count == 0 || args.json().iter().any(|json| fuzzing::is_deeper(json.get(), MAX_DEPTH)) {
        return;
    }
    let (sound, made) = fuzzing::validate(args);
    // The server also refuses arguments that only look unsound, because a member occurs twice or within a placeholder;
    // no client sends these.
    let counted = args.json().iter().all(|json| counts(json, count));
    assert!(counted || !sound, "{:?}", args.json());
    assert!(made.json().iter().all(|json| counts(json, count)), "{:?}", made.json());
}

fn counts(json: &RawValue, attachments: usize) -> bool {
    match json.get().as_bytes()[0] {
        b'[' => {
            let all: Vec<&RawValue> = serde_json::from_str(json.get()).expect("it is an array");
            all.iter().all(|one| counts(one, attachments))
        }
        b'{' => {
            let all: BTreeMap<Key, &RawValue> = serde_json::from_str(json.get()).expect("it is an object");
            let field = |name: &str| all.get(&Key(name.into())).map(|value| value.get());
            if field("_placeholder") == Some("true") {
                // As JavaScript reads it: 1.0 and 10e-1 are 1.
                let whole = |num: &f64| num.fract() == 0.0 && (0.0..attachments as f64).contains(num);
                return field("num").is_some_and(|num| num.parse().is_ok_and(|num| whole(&num)));
            }
            all.values().all(|one| counts(one, attachments))
        }
        _ => true,
    }
}

/// A key, which may be invalid Unicode.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key(Vec<u8>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytewise)
    }
}

struct Bytewise;

impl Visitor<'_> for Bytewise {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Key, E> {
        Ok(Key(bytes.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Key, E> {
        Ok(Key(text.into()))
    }
}
