//! Scanning of JSON that is known to be valid, without decoding it.

use memchr::memchr2;

/// Whether JSON is nested deeper than `max`: 0 for a number, 1 for `[]`.
pub(crate) fn is_deeper(json: &str, max: usize) -> bool {
    let mut rest = json.as_bytes();
    // Each level takes two bytes.
    if rest.len() / 2 <= max {
        return false;
    }
    let mut depth = 0;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth -= 1,
            b'"' => rest = after_string(rest),
            _ => {}
        }
    }
    false
}

/// The rest after the string's closing quote; the opening one has been consumed.
pub(crate) fn after_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr2(b'"', b'\\', rest) {
        let escaped = rest[at] == b'\\';
        rest = rest.get(at + 1 + usize::from(escaped)..).unwrap_or_default();
        if !escaped {
            return rest;
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn depth_agrees_with_decoded_value(json in "[\\[\\]{}a\"\\\\:,1 ]{0,40}", max in 0usize..6) {
            fn depth(value: &serde_json::Value) -> usize {
                match value {
                    serde_json::Value::Array(all) => 1 + all.iter().map(depth).max().unwrap_or(0),
                    serde_json::Value::Object(all) => 1 + all.values().map(depth).max().unwrap_or(0),
                    _ => 0,
                }
            }
            if let Ok(value) = serde_json::from_str(&json) {
                prop_assert_eq!(is_deeper(&json, max), depth(&value) > max);
            }
        }
    }

    #[test]
    fn depth_ignores_strings() {
        for (json, levels) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[1,{}]}"#, 3),
            (r#""[[[[[[[["#, 0),
            (r#"["\"[[",[]]"#, 2),
            (r#"["\\",[[]]]"#, 3),
        ] {
            assert!(levels == 0 || is_deeper(json, levels - 1), "{json}");
            assert!(!is_deeper(json, levels), "{json}");
        }
    }
}
