//! From a payload to something the server can act on, or to all that is wrong with it.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use validator::Validate;

use crate::{FieldErrors, Form, rules};

/// How many lists and objects may stand inside one another.
pub const MAX_DEPTH: usize = 32;

/// What an event may carry.
pub trait Payload: Validate + Sized {
    /// What it is, with its article: `a member`.
    const NOUN: &'static str;

    /// One that is valid, as JSON; an update without its `id`. It refers to rows with id 1.
    const EXAMPLE: &'static str;

    /// Whether `null` stands for an object without fields.
    const OPTIONAL: bool = false;

    /// Takes the fields out of a form. What the form refused is in its hands: no rule need care.
    fn read(form: &mut Form<'_>) -> Self;
}

/// Why a payload was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// It cannot be read at all; a sentence for `$bad_payload`.
    Payload(String),
    /// Fields are wrong; these are all of them.
    Fields(FieldErrors),
}

impl From<FieldErrors> for Invalid {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}

/// Reads a payload and judges it by its rules. Of a key that stands twice, the last counts.
///
/// ```
/// use rowcast_schema::{Invalid, Login, decode};
/// use serde_json::value::RawValue;
///
/// let form = r#"{"username": "ada"}"#;
/// let Err(Invalid::Fields(errors)) = decode::<Login>(serde_json::from_str(form)?) else { panic!() };
/// assert_eq!(errors.get("password"), Some("is required"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// [`Invalid`], with every field that is wrong.
pub fn decode<P: Payload>(payload: &RawValue) -> Result<P, Invalid> {
    match read(payload)? {
        (value, errors) if errors.is_empty() => Ok(value),
        (_, errors) => Err(Invalid::Fields(errors)),
    }
}

/// Reads a payload and says what is wrong with it, for those who know of more that may be wrong. A field that
/// could not be read holds something harmless instead.
///
/// # Errors
/// [`Invalid::Payload`] when there are no fields to speak of.
pub fn read<P: Payload>(payload: &RawValue) -> Result<(P, FieldErrors), Invalid> {
    let fields = fields::<P>(payload).map_err(Invalid::Payload)?;
    let mut form = Form::new(fields);
    let value = P::read(&mut form);
    let mut errors = form.finish(P::NOUN);
    if let Err(broken) = value.validate() {
        errors.merge(rules::sentences(&broken));
    }
    Ok((value, errors))
}

fn fields<P: Payload>(payload: &RawValue) -> Result<BTreeMap<String, &RawValue>, String> {
    let text = payload.get().trim_ascii();
    if P::OPTIONAL && text == "null" {
        return Ok(BTreeMap::new());
    }
    if deeper_than(MAX_DEPTH, text) {
        return Err(format!("is nested more than {MAX_DEPTH} levels deep"));
    }
    serde_json::from_str(text).map_err(|_| format!("expected an object with the fields of {}", P::NOUN))
}

/// Counts brackets outside strings: depth is known before anything is built.
fn deeper_than(limit: usize, json: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_but_not_those_in_strings() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(!deeper_than(32, &nested(32)));
        assert!(deeper_than(32, &nested(33)));
        assert!(!deeper_than(1, r#"["[[[", "\"[[", "\\"]"#));
        assert!(deeper_than(1, r#"["\\", []]"#));
        assert!(!deeper_than(1, "[],[],[]"));
    }
}
