//! Users: rows of a collection that can sign in.
//!
//! ```text
//! a product's collection ─▶ UserTable ─▶ Account: username and password hash   never leaves the server
//!                                └─────▶ User: the row as clients receive it
//! ```
//!
//! The engine does not know the product's collection; it uses the table by the names of its columns.

mod keys;
pub(crate) mod own;
mod table;

use std::{fmt, sync::Arc};

use sea_orm::DeriveValueType;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{
    collection::{Collection, Column},
    key::Key,
};
pub(crate) use keys::UserKeys;
pub use table::UserTable;
pub(crate) use table::{Owner, ReadRow, UserColumns};

/// A collection whose rows can sign in.
///
/// A migration prepares its table by `migration::user_table`.
pub trait Users: Collection {
    /// The column of the username; null for a row that cannot sign in.
    const USERNAME: Column<Self>;
    /// The column of the password hash; null for a row that cannot sign in. The collection's row type must not
    /// contain it.
    const PASSWORD_HASH: Column<Self>;
    /// The field of the row that other users are shown as the name.
    const DISPLAY_NAME: &'static str;

    /// The payload of `new_…` for `user add` on the command line, which has only a username.
    fn profile(username: &str) -> serde_json::Value;
}

/// A user as clients receive it.
#[derive(Clone, Debug)]
pub struct User {
    /// The row's key.
    pub id: Key,
    /// The number by which the engine's tables refer to the user: the key itself, if it is a number.
    pub number: i64,
    /// The display name.
    pub name: String,
    /// The username.
    pub username: Option<String>,
    /// The row as JSON.
    pub row: Arc<RawValue>,
}

impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.serialize(serializer)
    }
}

/// The credentials of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The key of the user's row.
    pub id: Key,
    /// The user's [`number`](User::number), if there is one: a user whose key is no number gets one at the first sign-in.
    pub number: Option<i64>,
    /// The username.
    pub username: Option<String>,
    /// The password hash.
    pub password_hash: Option<PasswordHash>,
}

impl Account {
    /// Whether it has a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password_hash.is_some()
    }
}

/// A password hash. `Debug` omits it, so that no log can contain it.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_omits_the_password_hash() {
        let hash = PasswordHash("$argon2id$secret".into());
        let account = Account {
            id: Key::Number(1),
            number: Some(1),
            username: Some("ada".into()),
            password_hash: Some(hash),
        };
        let shown = format!("{account:?}");
        assert!(shown.contains("PasswordHash(…)") && !shown.contains("secret"), "{shown}");
    }
}
