//! Checks whether each placeholder in an argument has an attachment. Otherwise the receiving client would treat the
//! packet as invalid, and disconnect.
//!
//! Clients accept more than Rust's strings and numbers can hold (half a surrogate, `1e999`). The JSON is known to be
//! valid, and is scanned once without being decoded, with a byte or two per level.

use crate::wire::json::after_string;

/// The relevant members of an object. Of two with the same name the later counts.
#[derive(Default)]
struct Object {
    placeholder: bool,
    num: Option<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Member {
    Placeholder,
    Num,
    Other,
}

pub(super) fn are_valid(json: &str, attachments: usize) -> bool {
    // An escape could hide the name.
    if !json.contains("_placeholder") && !json.contains("\\u") {
        return true;
    }
    let (mut rest, mut open) = (json, Vec::<Option<Object>>::new());
    let mut member = Member::Other;
    while let Some(byte) = rest.bytes().next() {
        let (mut after, mut value) = (&rest[1..], None);
        match byte {
            b'{' => open.push(Some(Object::default())),
            b'[' => open.push(None),
            b'}' | b']' => {
                if let Some(Some(object)) = open.pop()
                    && object.placeholder
                    && object.num.is_none_or(|num| num >= attachments)
                {
                    return false;
                }
            }
            b'"' => {
                after = rest_after_string(rest);
                if after.trim_start().starts_with(':') {
                    member = name(&rest[..rest.len() - after.len()]);
                    rest = &after[after.find(':').unwrap_or(0) + 1..];
                    set_member(&mut open, member, "");
                    continue;
                }
            }
            b't' | b'0'..=b'9' | b'-' => {
                let end = rest.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                value = Some(&rest[..end]);
                after = &rest[end..];
            }
            _ => {}
        }
        if let Some(value) = value {
            set_member(&mut open, member, value);
        }
        if !byte.is_ascii_whitespace() {
            member = Member::Other;
        }
        rest = after;
    }
    true
}

/// Sets a member of the innermost object; an empty value is neither `true` nor a number.
fn set_member(open: &mut [Option<Object>], member: Member, value: &str) {
    let Some(Some(object)) = open.last_mut() else { return };
    match member {
        Member::Placeholder => object.placeholder = value == "true",
        Member::Num => {
            let number = value.parse::<f64>().ok().filter(|number| number.fract() == 0.0 && *number >= 0.0);
            object.num = number.map(|number| number as usize);
        }
        Member::Other => {}
    }
}

/// The rest after the string that `json` begins with.
fn rest_after_string(json: &str) -> &str {
    &json[json.len() - after_string(&json.as_bytes()[1..]).len()..]
}

fn name(key: &str) -> Member {
    // A name that cannot be decoded matches no member.
    match serde_json::from_str::<String>(key).as_deref() {
        Ok("_placeholder") => Member::Placeholder,
        Ok("num") => Member::Num,
        _ => Member::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn counts(value: &Value, attachments: usize) -> bool {
        match value {
            Value::Array(all) => all.iter().all(|value| counts(value, attachments)),
            Value::Object(all) => {
                let whole = |num: f64| num.fract() == 0.0 && num >= 0.0 && num < attachments as f64;
                let sound = all.get("_placeholder") != Some(&Value::Bool(true))
                    || all.get("num").and_then(Value::as_f64).is_some_and(whole);
                sound && all.values().all(|value| counts(value, attachments))
            }
            _ => true,
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(true)),
            Just(json!("true")),
            Just(json!("_placeholder\":")),
            (-1..4).prop_map(Value::from),
            Just(json!(0.5)),
            Just(json!({ "_placeholder": true, "num": 1 })),
            Just(json!({ "num": 7, "_placeholder": true })),
        ];
        let keys = prop::sample::select(vec!["_placeholder", "num", "other", "a\"b"]);
        leaf.prop_recursive(4, 20, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(keys.clone().prop_map(str::to_owned), inner, 0..4)
                    .prop_map(|all| Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn scan_agrees_with_decoded_value(value in values(), attachments in 0usize..3, pretty in any::<bool>()) {
            let json = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            prop_assert_eq!(are_valid(&json.unwrap(), attachments), counts(&value, attachments));
        }
    }

    #[test]
    fn json_beyond_rust_types_hides_no_placeholder() {
        for (json, sound) in [
            (r#""abc\ud83d""#, true),
            (r#"["\ud83d",{"_placeholder":true,"num":0}]"#, true),
            (r#"["\ud83d",{"\u005fplaceholder" : true , "num":1}]"#, false),
            (r#"{"a":1e999,"_placeholder":true,"num":0}"#, true),
            (r#"{"_placeholder":true,"num":1e999}"#, false),
            (r#"{"_placeholder":true,"num":0.0e5}"#, true),
            (r#"{"_placeholder":true,"num":0,"num":"0"}"#, false),
            (r#"{"_placeholder":true,"_placeholder":null}"#, true),
            (r#"{"_placeholder":[{"_placeholder":true,"num":3}]}"#, false),
        ] {
            assert_eq!(are_valid(json, 1), sound, "{json}");
        }
        let deep = format!("{}{{\"_placeholder\":true}}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(!are_valid(&deep, 1));
    }
}
