//! The engine's own accounts, for a project without Rust. Clients see one in `user` alone: the table is no collection of
//! theirs.

use rowcast_schema::rules;
use schemars::JsonSchema;
use serde::Serialize;

use super::{PasswordHash, Users};
use crate::Collection;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Collection)]
#[collection(
    plural = RowcastAccounts,
    noun = "an account",
    hidden(password_hash: Option<PasswordHash>),
    update = r#"{"name": "Ada L."}"#
)]
pub(crate) struct RowcastAccount {
    /// Assigned in order from 1.
    pub id: i64,
    /// The name that the user signs in with; null for one that cannot.
    #[collection(
        validate(length(min = 2, max = 254), custom(function = "rules::no_whitespace")),
        payload = "2 to 254 letters, digits and plain signs, of no other account.",
        example = "ada",
        unique
    )]
    pub username: Option<String>,
    /// The name that others see, if it is not the username.
    #[collection(validate(length(min = 1, max = 100)), payload = "1 to 100 characters.", example = "Ada")]
    pub name: Option<String>,
    /// Changes whenever the account does.
    pub version: i64,
}

impl Users for RowcastAccounts {
    const USERNAME: rowcast_account::Column = rowcast_account::Column::Username;
    const PASSWORD_HASH: rowcast_account::Column = rowcast_account::Column::PasswordHash;
    const DISPLAY_NAME: &'static str = "name";

    fn profile(_: &str) -> serde_json::Value {
        serde_json::json!({})
    }
}
