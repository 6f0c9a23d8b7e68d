//! The response to an event.

use serde::Serialize;

use crate::{FieldErrors, SignedIn};

/// The content of an ack: `{ ok, data, errors }`, and for a login `user`.
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
    /// Success. `()` and `None` become `null`; existing JSON is passed as a `RawValue`.
    #[must_use]
    pub fn ok(data: T) -> Self {
        Self { ok: true, data: Some(data), errors: FieldErrors::new(), user: None }
    }

    /// Failure with `data`, the current state.
    #[must_use]
    pub fn failed_with(data: T, errors: FieldErrors) -> Self {
        Self { ok: false, data: Some(data), errors, user: None }
    }
}

impl<T: Serialize, U: Serialize> Ack<T, U> {
    /// The ack as JSON.
    ///
    /// # Errors
    /// When the data has no JSON form, such as a map whose keys are not text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl Ack<()> {
    /// Failure.
    #[must_use]
    pub fn failed(errors: FieldErrors) -> Self {
        Self { ok: false, data: None, errors, user: None }
    }
}

impl<U: Clone + Serialize> Ack<SignedIn<U>, U> {
    /// Success of a login. The user is also a field beside `data`, where the original front end expects it.
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
    fn login_ack_contains_user_twice() {
        let user = serde_json::json!({ "id": 1, "name": "Ada", "username": "ada" });
        let ack = Ack::signed_in(SignedIn { user, token: "t".into(), expires: 5 });

        let ack: serde_json::Value = serde_json::from_str(&ack.to_json().unwrap()).unwrap();

        assert_eq!(ack["user"], ack["data"]["user"]);
        assert_eq!(ack["user"]["username"], "ada");
        assert_eq!((&ack["data"]["token"], &ack["data"]["expires"]), (&"t".into(), &5.into()));
    }

    #[test]
    fn empty_data_is_null() {
        let ack = |ack: Result<String, _>| ack.unwrap();
        assert_eq!(ack(Ack::ok(()).to_json()), r#"{"ok":true,"data":null,"errors":{}}"#);
        assert_eq!(ack(Ack::ok(None::<String>).to_json()), r#"{"ok":true,"data":null,"errors":{}}"#);
        let conflict = FieldErrors::one(crate::keys::CONFLICT, "x");
        let expected = r#"{"ok":false,"data":7,"errors":{"$conflict":"x"}}"#;
        assert_eq!(ack(Ack::failed_with(7, conflict).to_json()), expected);
    }
}
