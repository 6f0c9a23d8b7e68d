//! Authentication: passwords, logins and tokens.
//!
//! A token is 32 random bytes. The database stores only its hash, so a copy of the database contains no usable token.

mod addresses;
mod attempt;
mod audit;
mod caller;
mod password;
mod throttle;
mod tokens;

use std::{sync::Arc, time::Instant};

use crate::entity::token;
use rowcast_schema::{FieldErrors, SetPassword, SignedIn, username};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    accounts, clock,
    database::{CommitSeq, Database, Transaction},
    error::Error,
    key::Key,
    registry::CurrentRegistry,
    users::{Account, Owner, PasswordHash, User, UserTable},
};
pub use attempt::{Attempt, SignInPermit};
use audit::AuditLog;
pub use caller::{Caller, truncate_username};
pub use password::{
    hash as hash_password, hash_like as hash_password_like, is_password, is_usable as is_usable_hash,
};
use throttle::{Throttle, ThrottleKey};
pub use tokens::{SIGNED_OUT_MESSAGE, Token, TokenOwner, check, expiries, lock_valid};

/// The error for a wrong password, and for an unknown username.
const WRONG_CREDENTIALS: &str = "the username or the password is wrong";
const WRONG_OLD_PASSWORD: &str = "is not your password";

/// Verifies passwords and manages tokens.
pub struct Auth {
    db: Database,
    /// The table of users, as the tables of the database are now.
    registry: CurrentRegistry,
    passwords: password::PasswordVerifier,
    failures: Throttle,
    audit: AuditLog,
}

impl Auth {
    /// Creates the service for the users of this registry.
    ///
    /// # Errors
    /// [`Error::Internal`] if password hashing fails.
    pub(crate) fn new(db: Database, registry: CurrentRegistry) -> Result<Self, Error> {
        let passwords = password::PasswordVerifier::new()?;
        Ok(Self { db, registry, passwords, failures: Throttle::default(), audit: AuditLog::default() })
    }

    fn users(&self) -> Result<Arc<UserTable>, Error> {
        let users = self.registry.borrow().users().cloned();
        users.ok_or_else(|| Error::Unavailable("the table of users is gone".into()))
    }

    /// Verifies a username and password, and creates a token.
    ///
    /// # Errors
    /// [`Error::Invalid`], identical and after the same time for a wrong password and an unknown username;
    /// [`Error::RateLimited`] after too many failures for one username.
    pub async fn login(
        &self,
        attempt: Attempt,
        password: String,
        by: &Caller,
        _permit: SignInPermit,
    ) -> Result<(SignedIn<User>, Token, Instant), Error> {
        let Attempt { username, found, known } = attempt;
        let key = match &found {
            Some(account) => ThrottleKey::Account(account.id.clone()),
            None => ThrottleKey::UnknownName(username::compared(&username)),
        };
        let account = found.as_ref().map(|account| (account.id.clone(), username.as_str()));
        let matches = self.verify_throttled((key, account), password, found.as_ref(), known, by).await?;
        let Some(account) = found.filter(|_| matches) else {
            return Err(Error::Invalid(wrong_credentials()));
        };
        let (secret, ends) = (tokens::secret(), Instant::now() + tokens::LIFETIME);
        let token = Token::from_secret(&secret);
        let (owner, hash, address) = (account.clone(), token.hash().to_owned(), by.address.clone());
        let users = self.users()?;
        let save = async move |db: &Transaction| {
            let (number, expires) = tokens::save(db, &users, &owner, hash.clone(), &address).await?;
            Ok((users.user(db, number).await?.ok_or_else(|| Error::Invalid(wrong_credentials()))?, expires))
        };
        let ((user, expires), _) = self.db.write(save).await?;
        audit::signed_in(&account, by);
        Ok((SignedIn { user, token: secret, expires }, token, ends))
    }

    /// Verifies an account's password, within the throttle's limits.
    async fn verify_throttled(
        &self,
        (key, account): (ThrottleKey, Option<(Key, &str)>),
        password: String,
        found: Option<&Account>,
        known: bool,
        by: &Caller,
    ) -> Result<bool, Error> {
        let bucket = self.failures.acquire(&key, known).map_err(|throttled| {
            if throttled.log {
                self.audit.throttled(account.as_ref(), by);
            }
            Error::RateLimited { seconds: throttled.seconds }
        })?;
        let hash = found.and_then(|found| found.password_hash.clone()).map(|hash| hash.0);
        let matches = self.passwords.verify(password, hash).await;
        match matches {
            Ok(false) => self.audit.failed(account.as_ref(), by),
            // A verification that did not complete is no failure.
            Ok(true) | Err(_) => self.failures.refund(&key, bucket),
        }
        matches
    }

    /// Replaces the password of the user with this token. The user's other tokens are revoked and returned. A
    /// repeated request has no further effect.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the old password is wrong; [`Error::RateLimited`], as for [`login`](Self::login);
    /// [`Error::Revoked`] if the token has ended.
    pub async fn set_password(
        &self,
        SetPassword { old, new }: SetPassword,
        (user, token): (&Key, &Token),
        by: &Caller,
        _permit: SignInPermit,
    ) -> Result<(Vec<Token>, CommitSeq), Error> {
        let users = self.users()?;
        let key = user.clone();
        let find = async move |db: &Transaction| Ok(users.account(db, &key).await?);
        let found = self.db.read(find).await?.ok_or(Error::Revoked)?;
        let name = found.username.clone().unwrap_or_default();
        let account = (ThrottleKey::Account(user.clone()), Some((user.clone(), &*name)));
        let before = found.password_hash.clone();
        let matches = self.verify_throttled(account, old, Some(&found), true, by).await?;
        let repeated = !matches && self.matches_password(&found, new.clone()).await?;
        if !matches && !repeated {
            return Err(Error::Invalid(FieldErrors::one("old", WRONG_OLD_PASSWORD)));
        }
        let hash = if repeated { before.clone() } else { Some(self.hash_of_users(new, &found).await?) };
        let (token, user, users) = (token.clone(), user.clone(), self.users()?);
        let set = async move |db: &Transaction| {
            let own = tokens::lock(db, &token).await?;
            let ended = accounts::end_sign_ins(db, &users, &user, Some(&token)).await?;
            tokens::keep(db, &token).await?;
            replace_password(db, &users, &user, (before.as_ref(), hash.as_ref())).await?;
            tokens::restore(db, own).await?;
            Ok(ended)
        };
        let set = self.db.write(set).await?;
        audit::password_set(&found, by);
        Ok(set)
    }

    /// Hashes a new password of an account. Other programs that use the table go on verifying it.
    async fn hash_of_users(&self, password: String, account: &Account) -> Result<PasswordHash, Error> {
        let is_shared = self.users()?.owner() == Owner::Others;
        let stored = account.password_hash.clone().filter(|_| is_shared).map(|hash| hash.0);
        Ok(PasswordHash(self.passwords.hash_like(password, stored).await?))
    }

    async fn matches_password(&self, account: &Account, password: String) -> Result<bool, Error> {
        let hash = account.password_hash.clone().map(|hash| hash.0);
        self.passwords.verify(password, hash).await
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the token is still valid.
    pub async fn logout(&self, token: Token) -> Result<(), Error> {
        let delete = async move |db: &Transaction| {
            token::Entity::delete_many().filter(token::Column::Hash.eq(token.hash())).exec(db).await?;
            Ok(())
        };
        self.db.write(delete).await.map(|_| ())
    }

    /// The owner of a token that is valid.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn token_owner(&self, token: Token) -> Result<Option<TokenOwner>, Error> {
        let users = self.users()?;
        let find = async move |db: &Transaction| {
            let Some(found) = tokens::find_valid(db, &token).one(db).await? else { return Ok(None) };
            let user = users.user(db, found.user_id).await?;
            let ends = tokens::monotonic_expiry(found.expires_at, clock::now(db).await?);
            Ok(user.map(|user| TokenOwner { user, ends }))
        };
        self.db.read(find).await
    }
}

/// Replaces the password hash that was verified; fails if another one has been stored since.
async fn replace_password(
    db: &Transaction,
    users: &UserTable,
    user: &Key,
    (before, hash): (Option<&PasswordHash>, Option<&PasswordHash>),
) -> Result<(), Error> {
    let (Some(hash), true) = (hash, before != hash) else { return Ok(()) };
    match users.set_password_hash(db, user, before, hash).await? {
        true => Ok(()),
        false => Err(Error::Invalid(FieldErrors::one("old", WRONG_OLD_PASSWORD))),
    }
}

fn wrong_credentials() -> FieldErrors {
    let mut errors = FieldErrors::new();
    errors.insert("username", WRONG_CREDENTIALS);
    errors.insert("password", WRONG_CREDENTIALS);
    errors
}
