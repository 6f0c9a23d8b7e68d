//! Decoding and validation of payloads.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use validator::Validate;

use crate::{FieldErrors, Form, rules};

/// The most levels of nested lists and objects.
pub const MAX_DEPTH: usize = 32;

/// The payload of an event.
pub trait Payload: Validate + Sized {
    /// A noun with its article, for sentences: `a member`.
    const NOUN: &'static str;

    /// A valid payload as JSON; that of an update has no `id`. It references rows with id 1.
    const EXAMPLE: &'static str;

    /// Whether `null` is accepted as an object without fields.
    const OPTIONAL: bool = false;

    /// Names that clients use for a field, and the field that an error then names.
    const OTHER_NAMES: &'static [(&'static str, &'static str)] = &[];

    /// Reads the fields of a form. The form itself collects the errors of unreadable fields.
    fn read(form: &mut Form<'_>) -> Self;
}

/// The errors of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// The payload is unreadable; a sentence for `$bad_payload`.
    Payload(String),
    /// Invalid fields, all of them.
    Fields(FieldErrors),
}

impl From<FieldErrors> for PayloadError {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}

/// Decodes and validates a payload. Of duplicate keys, the last one wins.
///
/// ```
/// use rowcast_schema::{PayloadError, Login, decode};
/// use serde_json::value::RawValue;
///
/// let form = r#"{"username": "ada"}"#;
/// let Err(PayloadError::Fields(errors)) = decode::<Login>(serde_json::from_str(form)?) else { panic!() };
/// assert_eq!(errors.get("password"), Some("is required"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// [`PayloadError`], with every invalid field.
pub fn decode<P: Payload>(payload: &RawValue) -> Result<P, PayloadError> {
    match read(payload)? {
        (value, errors) if errors.is_empty() => Ok(value),
        (_, errors) => Err(PayloadError::Fields(errors)),
    }
}

/// Decodes a payload and returns it with its errors, for callers that add errors of their own. An unreadable field
/// holds a placeholder.
///
/// # Errors
/// [`PayloadError::Payload`] when the payload is no object.
pub fn read<P: Payload>(payload: &RawValue) -> Result<(P, FieldErrors), PayloadError> {
    read_by(payload, P::read)
}

/// Decodes a payload by a function in the place of [`Payload::read`].
pub(crate) fn read_by<P: Payload>(
    payload: &RawValue,
    read: impl FnOnce(&mut Form<'_>) -> P,
) -> Result<(P, FieldErrors), PayloadError> {
    let fields = fields(payload, P::NOUN, P::OPTIONAL).map_err(PayloadError::Payload)?;
    let mut form = Form::new(fields);
    let value = read(&mut form);
    let mut errors = form.finish(P::NOUN, P::OTHER_NAMES);
    if let Err(violation) = value.validate() {
        errors.merge(rules::sentences(&violation));
    }
    Ok((value, errors))
}

/// The fields of an object; `null` has none if the payload is optional.
pub(crate) fn fields<'a>(
    payload: &'a RawValue,
    noun: &str,
    optional: bool,
) -> Result<BTreeMap<String, &'a RawValue>, String> {
    let text = payload.get().trim_ascii();
    if optional && text == "null" {
        return Ok(BTreeMap::new());
    }
    if deeper_than(MAX_DEPTH, text) {
        return Err(format!("is nested more than {MAX_DEPTH} levels deep"));
    }
    serde_json::from_str(text).map_err(|_| format!("expected an object with the fields of {noun}"))
}

/// Counts brackets outside strings, so that depth is known before anything is parsed.
///
/// The Socket.IO server has a scanner of its own for its limit on events. This crate must not depend on a server, and
/// that one must not depend on payloads, so neither can call the other's; a payload is limited here for every caller of
/// [`decode`].
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
    fn depth_ignores_brackets_in_strings() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(!deeper_than(32, &nested(32)));
        assert!(deeper_than(32, &nested(33)));
        assert!(!deeper_than(1, r#"["[[[", "\"[[", "\\"]"#));
        assert!(deeper_than(1, r#"["\\", []]"#));
        assert!(!deeper_than(1, "[],[],[]"));
    }
}
