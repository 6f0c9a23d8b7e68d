//! The table of users, by the names of its columns.

mod queries;

use futures_util::future::LocalBoxFuture;
use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, QueryFilter,
    sea_query::{Alias, IntoTableRef, TableRef},
};
use serde_json::value::{RawValue, to_raw_value};
use validator::ValidateEmail;

use super::{
    UserKeys, Users,
    keys::{ALIAS, Identity},
};
use crate::{
    collection::Collection,
    database::Transaction,
    error::Error,
    key::{Key, KeyColumn},
};

/// Reads the row with a key as JSON.
pub(crate) type ReadRow = dyn for<'a> Fn(&'a Transaction, Key) -> LocalBoxFuture<'a, Result<Option<Box<RawValue>>, Error>>
    + Send
    + Sync;

/// The table of users.
pub struct UserTable {
    singular: &'static str,
    noun: String,
    name: &'static str,
    source: TableRef,
    row: Box<ReadRow>,
    identity: Identity,
    username: &'static str,
    password_hash: &'static str,
    display_name: &'static str,
    profile: fn(&str) -> serde_json::Value,
    is_email: bool,
    owner: Owner,
    program: &'static str,
    others_name: &'static str,
    others_row: &'static str,
}

/// Whose table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A migration has prepared it by `migration::user_table`, and usernames are canonical.
    Engine,
    /// Other programs use it too: usernames are as they spell them, and a new row has a password hash from the start.
    Others,
}

/// The columns of a table of others.
pub(crate) struct UserColumns {
    pub(crate) schema: Option<&'static str>,
    pub(crate) table: &'static str,
    /// The key; none if it is the integer `id`.
    pub(crate) keys: Option<Box<dyn UserKeys>>,
    pub(crate) id: &'static str,
    pub(crate) username: &'static str,
    pub(crate) password_hash: &'static str,
    pub(crate) display_name: &'static str,
}

impl UserTable {
    /// The table of a collection; `program` is the name of the command line program.
    pub(crate) fn of<C: Users>(program: &'static str) -> Self {
        let columns = UserColumns {
            schema: None,
            table: C::NAME,
            keys: None,
            id: "id",
            username: C::USERNAME.as_str(),
            password_hash: C::PASSWORD_HASH.as_str(),
            display_name: C::DISPLAY_NAME,
        };
        let names = (C::NAME, C::SINGULAR);
        let read: Box<ReadRow> = Box::new(|db, id| Box::pin(row::<C>(db, id)));
        Self { profile: C::profile, owner: Owner::Engine, ..Self::of_table(names, columns, read, program) }
    }

    /// A table of others, as the collection with this name and singular.
    pub(crate) fn of_table(
        (name, singular): (&'static str, &'static str),
        columns: UserColumns,
        row: Box<ReadRow>,
        program: &'static str,
    ) -> Self {
        let others = |what: &str, command: &str| -> &'static str {
            crate::intern::intern(&format!("{what}, or whoever runs the server, by {program} user {command}"))
        };
        let UserColumns { schema, table, keys, id, username, password_hash, display_name } = columns;
        let identity = keys.map_or(Identity::Number([KeyColumn::number(id)]), Identity::Keys);
        let source = match schema {
            Some(schema) => (Alias::new(schema), Alias::new(table)).into_table_ref(),
            None => Alias::new(table).into_table_ref(),
        };
        let source = source.alias(ALIAS);
        Self {
            program,
            others_name: others("belongs to another member's account: only they can change it", "rename"),
            others_row: others("this is another member's account: only they can delete it", "remove"),
            singular,
            noun: singular.replace('_', " "),
            name,
            source,
            row,
            identity,
            username,
            password_hash,
            display_name,
            profile: |_| serde_json::json!({}),
            is_email: false,
            owner: Owner::Others,
        }
    }

    /// The same with another noun for a row in sentences.
    pub(crate) fn called(self, noun: &str) -> Self {
        Self { noun: noun.to_owned(), ..self }
    }

    /// The same with email addresses as usernames.
    pub(crate) fn by_email(self) -> Self {
        Self { is_email: true, ..self }
    }

    /// The name of the table and the collection.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name of one row.
    #[must_use]
    pub fn singular(&self) -> &'static str {
        self.singular
    }

    /// A noun for a row in sentences.
    #[must_use]
    pub fn noun(&self) -> &str {
        &self.noun
    }

    /// The columns of the key.
    pub(crate) fn key_columns(&self) -> &[KeyColumn] {
        self.identity.columns()
    }

    /// Whose table it is.
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// The column of the password hash.
    pub(crate) fn password_hash(&self) -> &'static str {
        self.password_hash
    }

    /// Checks a new username, besides its characters.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn check_username(&self, username: &str) -> Result<(), &'static str> {
        match self.is_email && !username.validate_email() {
            true => Err("must be an email address, as in ada@example.com"),
            false => Ok(()),
        }
    }

    /// The column of the username, and the field in payloads.
    #[must_use]
    pub fn username(&self) -> &'static str {
        self.username
    }

    /// The name of the command line program.
    pub(crate) fn program(&self) -> &'static str {
        self.program
    }

    /// The error for changing another user's username.
    pub(crate) fn others_name(&self) -> &'static str {
        self.others_name
    }

    /// The error for deleting another user.
    pub(crate) fn others_row(&self) -> &'static str {
        self.others_row
    }

    /// The payload of `new_…` for a user with this username.
    #[must_use]
    pub fn profile(&self, username: &str) -> serde_json::Value {
        (self.profile)(username)
    }
}

async fn row<C: Collection>(db: &Transaction, id: Key) -> Result<Option<Box<RawValue>>, Error> {
    let Some(id) = id.as_number() else { return Ok(None) };
    let Some(model) = C::Entity::find().filter(C::ID.eq(id)).one(db).await? else { return Ok(None) };
    let row = C::rows(db, vec![model]).await?.into_iter().next();
    let json = |row| to_raw_value(&row).map_err(|error| Error::Internal(error.to_string()));
    row.map(json).transpose()
}
