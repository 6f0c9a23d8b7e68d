//! Signing in.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use validator::Validate;

use crate::{Form, Payload, rules};

/// Who wants to sign in.
#[derive(Clone, PartialEq, Eq, Validate, JsonSchema)]
pub struct Login {
    /// Trimmed, as usernames are when they are given.
    #[validate(length(max = "rules::LONGEST_CREDENTIAL"))]
    #[schemars(extend("minLength" = 1))]
    pub username: String,
    /// Just as it was typed.
    #[validate(length(max = "rules::LONGEST_CREDENTIAL"))]
    #[schemars(extend("minLength" = 1))]
    pub password: String,
}

impl Payload for Login {
    const NOUN: &'static str = "a login";
    const EXAMPLE: &'static str = r#"{"username": "ada", "password": "ada_password"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self { username: form.text("username"), password: form.verbatim("password") }
    }
}

// Logs are not to know passwords.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Who has signed in.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SignedIn")]
pub struct SignedIn<U> {
    /// The user's row.
    pub user: U,
    /// For the handshake's `auth` of later connections.
    pub token: String,
    /// Unix seconds; from then on the token is worth nothing.
    pub expires: i64,
}

// Nor tokens.
impl<U: fmt::Debug> fmt::Debug for SignedIn<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn")
            .field("user", &self.user)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_keeps_secrets() {
        let login = Login { username: "ada".into(), password: "s3cret".into() };
        assert_eq!(format!("{login:?}"), r#"Login { username: "ada", .. }"#);
    }
}
