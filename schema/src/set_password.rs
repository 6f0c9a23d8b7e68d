//! A new password for whoever is signed in.

use std::fmt;

use schemars::JsonSchema;
use validator::Validate;

use crate::{Form, Payload, rules};

/// Whoever is signed in wants another password.
#[derive(Clone, PartialEq, Eq, Validate, JsonSchema)]
pub struct SetPassword {
    /// The password until now.
    #[validate(length(max = "rules::LONGEST_CREDENTIAL"))]
    #[schemars(extend("minLength" = 1))]
    pub old: String,
    /// The password from now on, just as it was typed: 8 to 200 characters.
    #[validate(length(min = "rules::SHORTEST_PASSWORD", max = "rules::LONGEST_CREDENTIAL"))]
    pub new: String,
}

impl Payload for SetPassword {
    const NOUN: &'static str = "a change of password";
    const EXAMPLE: &'static str = r#"{"old": "ada_password", "new": "a longer one"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self { old: form.verbatim("old"), new: form.verbatim("new") }
    }
}

// Logs are not to know passwords.
impl fmt::Debug for SetPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::{Invalid, decode};

    fn wrong(payload: &str) -> Vec<String> {
        match decode::<SetPassword>(&RawValue::from_string(payload.into()).unwrap()) {
            Ok(_) => vec![],
            Err(Invalid::Fields(errors)) => errors.iter().map(|(field, _)| field.to_owned()).collect(),
            Err(Invalid::Payload(sentence)) => vec![sentence],
        }
    }

    #[test]
    fn a_new_password_has_eight_characters_or_more() {
        assert_eq!(wrong(r#"{"old": "x", "new": "12345678"}"#), [""; 0]);
        assert_eq!(wrong(r#"{"old": "x", "new": "ünïcödé8"}"#), [""; 0], "characters, not bytes");
        assert_eq!(wrong(r#"{"old": "x", "new": "1234567"}"#), ["new"]);
        assert_eq!(wrong(r#"{"new": ""}"#), ["new", "old"]);
        assert_eq!(wrong(&format!(r#"{{"old": "x", "new": "{}"}}"#, "x".repeat(201))), ["new"]);
    }

    #[test]
    fn debug_keeps_secrets() {
        let payload = SetPassword { old: "s3cret".into(), new: "s3cret too".into() };
        assert_eq!(format!("{payload:?}"), "SetPassword(…)");
    }
}
