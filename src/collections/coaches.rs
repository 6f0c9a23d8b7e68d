//! Coaches: the teachers of classes, and the planner's users.

use rowcast::{Collection, Json, Users, json, schema::rules, users::PasswordHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A coach as clients see one; the password never leaves the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(
    plural = Coaches,
    hidden(password_hash: Option<PasswordHash>),
    update = r#"{"name": "Ada L.", "age": 37}"#
)]
pub struct Coach {
    /// Given out in order from 1.
    pub id: i64,
    /// What everybody calls them.
    #[collection(validate(length(min = 2, max = 40)), payload = "2 to 40 characters.", example = "Ada")]
    pub name: String,
    /// In years.
    #[collection(validate(range(min = 18, max = 120)), payload = "18 to 120.", example = 36)]
    pub age: i64,
    /// Address of a portrait.
    #[collection(
        validate(length(max = "rules::MAX_URL_LEN"), custom(function = "rules::http_url")),
        schema(regex(pattern = rules::HTTP_URL_PATTERN)),
        payload = "An http or https address.",
        example = "https://example.com/ada.png"
    )]
    pub picture: String,
    /// Login name; null if the coach cannot sign in.
    #[collection(
        validate(length(min = 2, max = 40), custom(function = "rules::no_whitespace")),
        schema(regex(pattern = rules::NO_WHITESPACE_PATTERN)),
        payload = "2 to 40 letters, digits and plain signs, of no other coach; null for a coach who does not sign in.",
        unique
    )]
    pub username: Option<String>,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

impl Users for Coaches {
    const USERNAME: coach::Column = coach::Column::Username;
    const PASSWORD_HASH: coach::Column = coach::Column::PasswordHash;
    const DISPLAY_NAME: &'static str = "name";

    fn profile(username: &str) -> Json {
        json!({ "name": username, "age": 18, "picture": "https://picsum.photos/seed/coach/400" })
    }
}
