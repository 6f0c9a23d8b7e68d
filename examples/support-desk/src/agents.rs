//! Agents, the users of the desk.

use rowcast::{Collection, Users, users::PasswordHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An agent, a user of the desk.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(plural = Agents, hidden(password_hash: Option<PasswordHash>))]
pub struct Agent {
    /// Assigned in order from 1.
    pub id: i64,
    /// Name that others are shown: 2 to 40 characters.
    #[collection(validate(length(min = 2, max = 40)), example = "Sam Rivera")]
    pub name: String,
    /// Login name; null if the agent cannot sign in.
    #[collection(validate(length(min = 2, max = 40)), unique)]
    pub username: Option<String>,
    /// Changes whenever the row does.
    pub version: i64,
}

impl Users for Agents {
    const USERNAME: agent::Column = agent::Column::Username;
    const PASSWORD_HASH: agent::Column = agent::Column::PasswordHash;
    const DISPLAY_NAME: &'static str = "name";

    fn profile(username: &str) -> rowcast::Json {
        rowcast::json!({ "name": username })
    }
}
