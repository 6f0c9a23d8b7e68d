//! Fingerprints of requests: the decoded payload and its errors.

use rowcast_schema::FieldErrors;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Equal for two payloads if and only if both decode to the same value and errors. It is computed lazily, because most
/// requests have no id.
pub struct Fingerprint(Box<dyn Fn() -> serde_json::Result<Vec<u8>>>);

impl Fingerprint {
    /// The fingerprint of a decoded payload.
    #[must_use]
    pub fn of(payload: impl Serialize + 'static, errors: FieldErrors) -> Self {
        Self(Box::new(move || canonical(&(&payload, &errors))))
    }

    /// For reads, which are not compared.
    #[must_use]
    pub fn none() -> Self {
        Self::of((), FieldErrors::new())
    }

    /// # Errors
    /// [`Error::Internal`] for a payload without a JSON form.
    pub(super) fn digest(&self, event: &str) -> Result<String, Error> {
        let payload = (self.0)().map_err(|error| Error::Internal(error.to_string()))?;
        Ok(digest(event, &payload))
    }
}

/// JSON with sorted keys, because the order of a map is arbitrary.
fn canonical(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut value = serde_json::to_value(value)?;
    value.sort_all_objects();
    serde_json::to_vec(&value)
}

/// 64 hexadecimal digits.
pub(super) fn digest(event: &str, payload: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(event.as_bytes());
    hash.update([0]);
    hash.update(payload);
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use rowcast_schema::{Form, Payload};
    use serde_json::value::RawValue;
    use validator::Validate;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Validate)]
    struct NewMember {
        #[validate(length(min = 2, max = 40))]
        name: String,
        age: i64,
        username: Option<String>,
    }

    impl Payload for NewMember {
        const NOUN: &'static str = "a member";
        const EXAMPLE: &'static str = r#"{"name": "Ada", "age": 36, "username": null}"#;

        fn read(form: &mut Form<'_>) -> Self {
            form.ignore(&["id", "version"]);
            let (name, age) = (form.text("name"), form.integer("age"));
            Self { name, age, username: form.nullable_text("username") }
        }
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Validate)]
    struct UpdateMember {
        id: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        age: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<Option<String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        friends: Option<Vec<i64>>,
    }

    impl Payload for UpdateMember {
        const NOUN: &'static str = "a member";
        const EXAMPLE: &'static str = r#"{"age": 37}"#;

        fn read(form: &mut Form<'_>) -> Self {
            Self {
                id: form.id(),
                version: form.version(),
                name: form.patch("name", Form::text),
                age: form.patch("age", Form::integer),
                username: form.patch("username", Form::nullable_text),
                friends: form.patch("friends", Form::references),
            }
        }
    }

    /// The decoded payload, and its digests for two events.
    fn read<P>(json: &str) -> ((P, FieldErrors), [String; 2])
    where
        P: rowcast_schema::Payload + Serialize + Clone + 'static,
    {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        let (value, errors) = rowcast_schema::read::<P>(raw).unwrap();
        let fingerprint = Fingerprint::of(value.clone(), errors.clone());
        ((value, errors), ["e", "f"].map(|event| fingerprint.digest(event).unwrap()))
    }

    /// An optional field, with one of these notations.
    fn field(
        name: &'static str,
        notations: &'static [&'static str],
    ) -> impl Strategy<Value = Option<String>> {
        prop::option::of(
            prop::sample::select(notations).prop_map(move |value| format!("\"{name}\": {value}")),
        )
    }

    /// An object with these fields, in any order, with any blanks.
    fn object(fields: impl Strategy<Value = Vec<Option<String>>>) -> impl Strategy<Value = String> {
        let given = fields.prop_map(|fields| fields.into_iter().flatten().collect::<Vec<_>>());
        let spelled = (given.prop_shuffle(), prop::sample::select(&["", " ", "\n  "][..]));
        spelled.prop_map(|(fields, blank)| format!("{{{blank}{}{blank}}}", fields.join(&format!("{blank},"))))
    }

    fn member() -> impl Strategy<Value = String> {
        object(
            (
                field("id", &["1", "1.0", "\"1\"", "2", "\"\"", "\"x\""]),
                field("name", &["\"Ada\"", "\" Ada \"", "\"\\u0041da\"", "\"Eve\"", "\"\"", "null", "[1]"]),
                field("age", &["44", "44.0", "4.4e1", "\"44\"", "45", "true", "\"abc\""]),
                field("username", &["null", "\"\"", "\"ada\"", "\"a\\u0064a\""]),
                field("agee", &["1"]),
            )
                .prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e]),
        )
    }

    fn friends() -> impl Strategy<Value = String> {
        let lists = &["[1, 2]", "[{\"id\": \"1\"}, 2.0]", "[2, 1]", "[]", "\"\"", "[1, \"x\"]", "[1, 2, 2]"];
        object((field("id", &["1", "\"1\""]), field("friends", lists)).prop_map(|(a, b)| vec![a, b]))
    }

    fn agree<P>(one: &str, other: &str) -> Result<(), TestCaseError>
    where
        P: rowcast_schema::Payload + Serialize + PartialEq + Clone + 'static,
    {
        let ((one, digests), (other, others)) = (read::<P>(one), read::<P>(other));
        prop_assert_eq!(one == other, digests == others);
        prop_assert_ne!(&digests[0], &digests[1]);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn digests_are_equal_iff_decoded_payloads_are(one in member(), other in member()) {
            agree::<UpdateMember>(&one, &other)?;
            agree::<NewMember>(&one, &other)?;
        }

        #[test]
        fn order_of_list_counts(one in friends(), other in friends()) {
            agree::<UpdateMember>(&one, &other)?;
        }
    }

    #[test]
    fn notation_of_payload_does_not_count() {
        let first = r#"{"id": 1, "age": 44, "name": "Ada", "username": null}"#;
        let fingerprint = |json: &str| read::<UpdateMember>(json).1;
        for same in [
            r#"{"username":"","name":" \u0041da","age":"44","id":"1"}"#,
            r#"{"id": 7, "id": 1.0, "age": 4.4e1, "name": "Ada", "username": null}"#,
        ] {
            assert_eq!(fingerprint(same), fingerprint(first), "{same}");
        }
        for other in [
            r#"{"id": 1, "age": 44, "name": "Ada"}"#,
            r#"{"id": 1, "age": 44, "name": "ada", "username": null}"#,
            r#"{"id": 1, "age": 44, "name": "Ada", "username": null, "version": 1}"#,
            r#"{"id": 1, "age": 44, "name": "Ada", "username": null, "agee": 1}"#,
        ] {
            assert_ne!(fingerprint(other), fingerprint(first), "{other}");
        }
    }

    #[test]
    fn order_of_map_does_not_count() {
        let keys = || (0..50).map(|key| key.to_string());
        let map = || keys().map(|key| (key, 1)).collect::<HashMap<_, _>>();
        let of = |map| Fingerprint::of(map, FieldErrors::new()).digest("e").unwrap();
        assert_eq!(of(map()), of(map()));
    }
}
