//! The one answer to an event.

use serde::Serialize;

use crate::{FieldErrors, SignedIn};

/// What an ack carries: `{ ok, data, errors }`, and for a login `user`.
///
/// ```
/// use rowcast_schema::{Ack, FieldErrors};
///
/// let done = Ack::ok([1, 2]).to_json()?;
/// assert_eq!(done, r#"{"ok":true,"data":[1,2],"errors":{}}"#);
///
/// let refused = Ack::failed(FieldErrors::one("age", "must be at least 18")).to_json()?;
/// assert_eq!(refused, r#"{"ok":false,"data":null,"errors":{"age":"must be at least 18"}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ack<T, U = ()> {
    ok: bool,
    data: Option<T>,
    errors: FieldErrors,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<U>,
}

impl<T: Serialize> Ack<T> {
    /// It was done. `()` and `None` become `null`; JSON that is ready goes in as a `RawValue`.
    #[must_use]
    pub fn ok(data: T) -> Self {
        Self { ok: true, data: Some(data), errors: FieldErrors::new(), user: None }
    }

    /// It was refused, and `data` says how things stand.
    #[must_use]
    pub fn failed_with(data: T, errors: FieldErrors) -> Self {
        Self { ok: false, data: Some(data), errors, user: None }
    }
}

impl<T: Serialize, U: Serialize> Ack<T, U> {
    /// The ack as it is sent.
    ///
    /// # Errors
    /// When the data has no JSON, such as a map with keys that are not text. No row is like that.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl Ack<()> {
    /// It was refused.
    #[must_use]
    pub fn failed(errors: FieldErrors) -> Self {
        Self { ok: false, data: None, errors, user: None }
    }
}

impl<U: Clone + Serialize> Ack<SignedIn<U>, U> {
    /// Somebody signed in. The user stands beside `data` too, where the original front end looks.
    #[must_use]
    pub fn signed_in(signed_in: SignedIn<U>) -> Self {
        let user = Some(signed_in.user.clone());
        Self { ok: true, data: Some(signed_in), errors: FieldErrors::new(), user }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_names_the_user_twice() {
        let user = serde_json::json!({ "id": 1, "name": "Ada", "username": "ada" });
        let ack = Ack::signed_in(SignedIn { user, token: "t".into(), expires: 5 });

        let ack: serde_json::Value = serde_json::from_str(&ack.to_json().unwrap()).unwrap();

        assert_eq!(ack["user"], ack["data"]["user"]);
        assert_eq!(ack["user"]["username"], "ada");
        assert_eq!((&ack["data"]["token"], &ack["data"]["expires"]), (&"t".into(), &5.into()));
    }

    #[test]
    fn nothing_is_null_but_stands() {
        let ack = |ack: Result<String, _>| ack.unwrap();
        assert_eq!(ack(Ack::ok(()).to_json()), r#"{"ok":true,"data":null,"errors":{}}"#);
        assert_eq!(ack(Ack::ok(None::<String>).to_json()), r#"{"ok":true,"data":null,"errors":{}}"#);
        let conflict = FieldErrors::one(crate::keys::CONFLICT, "x");
        let expected = r#"{"ok":false,"data":7,"errors":{"$conflict":"x"}}"#;
        assert_eq!(ack(Ack::failed_with(7, conflict).to_json()), expected);
    }
}
