//! Signing in.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use validator::Validate;

use crate::{Form, Payload, rules};

/// The payload of `login`.
#[derive(Clone, PartialEq, Eq, Validate, JsonSchema)]
pub struct Login {
    /// The username, trimmed.
    #[validate(length(max = "rules::MAX_CREDENTIAL_LEN"))]
    #[schemars(extend("minLength" = 1))]
    pub username: String,
    /// The password, not trimmed.
    #[validate(length(max = "rules::MAX_CREDENTIAL_LEN"))]
    #[schemars(extend("minLength" = 1))]
    pub password: String,
}

impl Payload for Login {
    const NOUN: &'static str = "a login";
    const EXAMPLE: &'static str = r#"{"username": "ada", "password": "ada_password"}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self { username: form.text("username"), password: form.raw_text("password") }
    }
}

// Keeps passwords out of logs.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// The `data` of a successful login.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SignedIn")]
pub struct SignedIn<U> {
    /// The user's row.
    pub user: U,
    /// The token for the handshake's `auth` of later connections.
    pub token: String,
    /// The time in Unix seconds from which on the token is invalid.
    pub expires: i64,
}

// Keeps tokens out of logs.
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
    fn debug_hides_password() {
        let login = Login { username: "ada".into(), password: "s3cret".into() };
        assert_eq!(format!("{login:?}"), r#"Login { username: "ada", .. }"#);
    }
}
