//! Changing the signed-in user's password.

use std::fmt;

use schemars::JsonSchema;
use validator::Validate;

use crate::{Form, Payload, rules};

/// The payload of `set_password`.
#[derive(Clone, PartialEq, Eq, Validate, JsonSchema)]
pub struct SetPassword {
    /// The current password.
    #[validate(length(max = "rules::MAX_CREDENTIAL_LEN"))]
    #[schemars(extend("minLength" = 1))]
    pub old: String,
    /// The new password, not trimmed: 8 to 200 characters.
    #[validate(length(min = "rules::MIN_PASSWORD_LEN", max = "rules::MAX_CREDENTIAL_LEN"))]
    pub new: String,
}

impl Payload for SetPassword {
    const NOUN: &'static str = "a change of password";
    const EXAMPLE: &'static str = r#"{"old": "ada_password", "new": "a longer one"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self { old: form.raw_text("old"), new: form.raw_text("new") }
    }
}

// Keeps passwords out of logs.
impl fmt::Debug for SetPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::{PayloadError, decode};

    fn wrong(payload: &str) -> Vec<String> {
        match decode::<SetPassword>(&RawValue::from_string(payload.into()).unwrap()) {
            Ok(_) => vec![],
            Err(PayloadError::Fields(errors)) => errors.iter().map(|(field, _)| field.to_owned()).collect(),
            Err(PayloadError::Payload(sentence)) => vec![sentence],
        }
    }

    #[test]
    fn new_password_shorter_than_eight_characters_is_refused() {
        assert_eq!(wrong(r#"{"old": "x", "new": "12345678"}"#), [""; 0]);
        assert_eq!(wrong(r#"{"old": "x", "new": "ünïcödé8"}"#), [""; 0], "characters, not bytes");
        assert_eq!(wrong(r#"{"old": "x", "new": "1234567"}"#), ["new"]);
        assert_eq!(wrong(r#"{"new": ""}"#), ["new", "old"]);
        assert_eq!(wrong(&format!(r#"{{"old": "x", "new": "{}"}}"#, "x".repeat(201))), ["new"]);
    }

    #[test]
    fn debug_hides_passwords() {
        let payload = SetPassword { old: "s3cret".into(), new: "s3cret too".into() };
        assert_eq!(format!("{payload:?}"), "SetPassword(…)");
    }
}
