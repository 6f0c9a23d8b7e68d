//! The people who teach classes, and who may sign in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use rowcast_schema::{Form, Payload, rules};

/// A coach as clients see one; the password never leaves the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coach {
    /// Given out in order from 1.
    pub id: i64,
    /// What everybody calls them.
    pub name: String,
    /// In years.
    pub age: i64,
    /// Address of a portrait.
    pub picture: String,
    /// Who they are when they sign in; null for those who do not.
    pub username: Option<String>,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

/// A coach to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
pub struct NewCoach {
    /// 2 to 40 characters.
    #[validate(length(min = 2, max = 40))]
    pub name: String,
    /// 18 to 120.
    #[validate(range(min = 18, max = 120))]
    pub age: i64,
    /// An http or https address.
    #[validate(length(max = "rules::LONGEST_ADDRESS"), custom(function = "rules::web_address"))]
    #[schemars(regex(pattern = rules::WEB_ADDRESS))]
    pub picture: String,
    /// 2 to 40 letters, digits and plain signs; nobody else's.
    #[validate(length(min = 2, max = 40), custom(function = "rules::one_word"))]
    #[schemars(regex(pattern = rules::ONE_WORD))]
    pub username: Option<String>,
}

impl Payload for NewCoach {
    const NOUN: &'static str = "a coach";
    const EXAMPLE: &'static str =
        r#"{"name": "Ada", "age": 36, "picture": "https://example.com/ada.png", "username": null}"#;

    fn read(form: &mut Form<'_>) -> Self {
        form.ignore(&["id", "version"]);
        Self {
            name: form.text("name"),
            age: form.integer("age"),
            picture: form.text("picture"),
            username: form.nullable_text("username"),
        }
    }
}

/// What is to change about a coach; what is absent stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Validate, JsonSchema)]
pub struct UpdateCoach {
    /// Whom.
    pub id: i64,
    /// The version that the client saw; checked if present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// 2 to 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 2, max = 40))]
    pub name: Option<String>,
    /// 18 to 120.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 18, max = 120))]
    pub age: Option<i64>,
    /// An http or https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = "rules::LONGEST_ADDRESS"), custom(function = "rules::web_address"))]
    #[schemars(regex(pattern = rules::WEB_ADDRESS))]
    pub picture: Option<String>,
    /// 2 to 40 letters, digits and plain signs; nobody else's. Null takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 2, max = 40), custom(function = "rules::one_word"))]
    #[schemars(regex(pattern = rules::ONE_WORD), extend("x-nullable" = true))]
    pub username: Option<Option<String>>,
}

impl Payload for UpdateCoach {
    const NOUN: &'static str = "a coach";
    const EXAMPLE: &'static str = r#"{"name": "Ada L.", "age": 37}"#;

    fn read(form: &mut Form<'_>) -> Self {
        Self {
            id: form.id(),
            version: form.version(),
            name: form.changed("name", Form::text),
            age: form.changed("age", Form::integer),
            picture: form.changed("picture", Form::text),
            username: form.changed("username", Form::nullable_text),
        }
    }
}
