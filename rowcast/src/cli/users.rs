//! Account administration from the command line, beside running servers or before the first start.

use std::sync::Arc;

use rowcast_schema::{FieldErrors, rules};
use serde_json::{Value, value::to_raw_value};

use crate::{
    accounts::{Accounts, end_sign_ins},
    auth::{hash_password_like, is_usable_hash},
    context::Context,
    database::{Database, Transaction},
    error::Error,
    key::Key,
    registry::{Operation, Registry},
    users::{Account, Owner, PasswordHash, UserTable},
};

/// The accounts of a product.
pub(super) struct Users<'a> {
    db: &'a Database,
    registry: &'a Registry,
    users: Arc<UserTable>,
}

impl<'a> Users<'a> {
    /// Opens the accounts of this database.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the product has no users.
    pub(super) fn new(db: &'a Database, registry: &'a Registry) -> Result<Self, Error> {
        let none = || Error::Invalid(FieldErrors::one("username", "nobody signs in here"));
        Ok(Self { db, registry, users: registry.users().cloned().ok_or_else(none)? })
    }

    /// Adds a user with this username and password; `fields` are added to the default profile. Returns the
    /// username.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a username that is taken, or for any other invalid field.
    pub(super) async fn add(
        &self,
        username: &str,
        fields: &[(String, String)],
        password: &str,
    ) -> Result<String, Error> {
        let length = password.chars().count() as u64;
        if !(rules::MIN_PASSWORD_LEN..=rules::MAX_CREDENTIAL_LEN).contains(&length) {
            let (least, most) = (rules::MIN_PASSWORD_LEN, rules::MAX_CREDENTIAL_LEN);
            let message = format!("must be {least} to {most} characters long");
            return Err(Error::Invalid(FieldErrors::one("password", message)));
        }
        let mut payload = self.users.profile(username);
        payload[self.users.username()] = username.into();
        fields.iter().for_each(|(name, value)| payload[name] = value.as_str().into());
        let hash = self.hash(password, None).await?;
        if self.users.owner() == Owner::Others {
            payload[self.users.password_hash()] = hash.0.as_str().into();
        }
        let work = self.work("new", &payload)?;
        let users = self.users.clone();
        let create = async move |db: &Transaction| {
            let created = work.run(&Context::new(db, None, Accounts::unrestricted(&users))).await?;
            let id = created.written.map(|written| written.key);
            let id = id.ok_or_else(|| Error::Internal("a new user is a row".into()))?;
            users.set_password_hash(db, &id, None, &hash).await?;
            Ok(users.account(db, &id).await?.and_then(|account| account.username).unwrap_or_default())
        };
        Ok(self.db.write(create).await?.0)
    }

    /// Changes a user's username and revokes the user's tokens.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no user has the old username, or another user has the new one.
    pub(super) async fn rename(&self, username: String, new: &str) -> Result<(), Error> {
        let id = self.find(username).await?.id;
        let mut payload = self.key(&id)?;
        payload[self.users.username()] = new.into();
        let work = self.work("update", &payload)?;
        let users = self.users.clone();
        let rename = async move |db: &Transaction| {
            work.run(&Context::new(db, None, Accounts::unrestricted(&users))).await?;
            end_sign_ins(db, &users, &id, None).await?;
            Ok(())
        };
        self.db.write(rename).await.map(drop)
    }

    /// All users with a username.
    pub(super) async fn list(&self) -> Result<Vec<Account>, Error> {
        let users = self.users.clone();
        self.db.read(async move |db: &Transaction| Ok(users.all(db).await?)).await
    }

    /// Removes the user with this username.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no user has it; [`Error::InUse`].
    pub(super) async fn remove(&self, username: String) -> Result<(), Error> {
        let id = self.find(username).await?.id;
        let work = self.work("delete", &self.key(&id)?)?;
        let users = self.users.clone();
        let delete = async move |db: &Transaction| {
            work.run(&Context::new(db, None, Accounts::unrestricted(&users))).await.map(drop)
        };
        self.db.write(delete).await.map(drop)
    }

    /// Sets a user's password and revokes the user's tokens.
    ///
    /// # Errors
    /// [`Error::Invalid`] if no user has the username.
    pub(super) async fn set_password(&self, username: String, password: &str) -> Result<(), Error> {
        let Account { id, password_hash, .. } = self.find(username).await?;
        let hash = self.hash(password, password_hash).await?;
        let users = self.users.clone();
        let set = async move |db: &Transaction| {
            users.set_password_hash(db, &id, None, &hash).await?;
            end_sign_ins(db, &users, &id, None).await?;
            Ok(())
        };
        self.db.write(set).await.map(drop)
    }

    /// Hashes a password. In a table of others it is hashed as the one before was, or as any other is, so that they can verify
    /// it.
    async fn hash(&self, password: &str, before: Option<PasswordHash>) -> Result<PasswordHash, Error> {
        let like = match (self.users.owner(), before.filter(|before| is_usable_hash(&before.0))) {
            (Owner::Engine, _) => None,
            (Owner::Others, Some(before)) => Some(before),
            (Owner::Others, None) => {
                let users = self.users.clone();
                let some = async move |db: &Transaction| Ok(users.some_hashes(db).await?);
                let some = self.db.read(some).await?;
                some.into_iter().find(|hash| is_usable_hash(&hash.0))
            }
        };
        Ok(PasswordHash(hash_password_like("password", password, like.as_ref().map(|hash| &*hash.0))?))
    }

    async fn find(&self, username: String) -> Result<Account, Error> {
        let users = self.users.clone();
        let find = async move |db: &Transaction| Ok(users.by_username(db, &username).await?);
        let (program, noun) = (self.users.program(), self.users.noun());
        let nobody = || format!("no {noun} has this username; {program} user add makes one that has");
        let found = self.db.read(find).await?;
        found.ok_or_else(|| Error::Invalid(FieldErrors::one("username", nobody())))
    }

    /// A payload that names a user.
    fn key(&self, id: &Key) -> Result<Value, Error> {
        let key = serde_json::to_value(id.as_object(self.users.key_columns()));
        key.map_err(|error| Error::Internal(error.to_string()))
    }

    /// Decodes a payload for an event of the users' collection.
    fn work(&self, verb: &str, payload: &Value) -> Result<Box<dyn Operation>, Error> {
        let event = format!("{verb}_{}", self.users.singular());
        let payload = to_raw_value(payload).map_err(|error| Error::Internal(error.to_string()))?;
        let (_, route) = self.registry.route(&event).ok_or_else(|| Error::Internal(event.clone()))?;
        Ok(route.decode(&payload)?.2)
    }
}
