//! Who a socket is: login, logout, tokens.
//!
//! A token is 32 random bytes. The database keeps only its hash, so a copy of the database signs nobody in.

mod addresses;
mod audit;
mod caller;
mod password;
mod throttle;
mod tokens;

use std::{net::IpAddr, sync::Arc, time::Instant};

use crate::entity::token;
use rowcast_schema::{FieldErrors, SetPassword, SignedIn, username};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    accounts, clock,
    database::{Commit, Database, Transaction},
    error::Error,
    fair_queue::FairPermit,
    users::{Account, PasswordHash, User, UserTable},
};
use audit::AuditLog;
pub use caller::{Caller, truncate_username};
pub use password::{hash as hash_password, is_password};
use throttle::{Throttle, ThrottleKey};
pub use tokens::{SIGNED_OUT_MESSAGE, Token, TokenOwner, check, expiries, lock_valid};

/// What a wrong password and an unknown user are both told.
const WRONG_CREDENTIALS: &str = "the username or the password is wrong";
const WRONG_OLD_PASSWORD: &str = "is not your password";

/// That passwords may be checked for one client, for as long as this lives.
pub struct SignInPermit {
    _permit: FairPermit,
}

/// Who is to be signed in, as far as a username tells.
pub struct Attempt {
    username: String,
    found: Option<Account>,
    known: bool,
}

impl Attempt {
    /// Whether the account is known where the client is.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known
    }
}

/// Signs users in and out.
pub struct Auth {
    db: Database,
    users: Arc<UserTable>,
    passwords: password::PasswordVerifier,
    failures: Throttle,
    audit: AuditLog,
}

impl Auth {
    /// Over this database, for these users.
    ///
    /// # Errors
    /// [`Error::Internal`] if no password can be hashed here.
    pub fn new(db: Database, users: Arc<UserTable>) -> Result<Self, Error> {
        let passwords = password::PasswordVerifier::new()?;
        Ok(Self { db, users, passwords, failures: Throttle::default(), audit: AuditLog::default() })
    }

    /// Who is to be signed in by this username.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn attempt(&self, username: &str, by: &Caller) -> Result<Attempt, Error> {
        let (found, known) = self.find_account(username, by).await?;
        Ok(Attempt { username: username.to_owned(), found, known })
    }

    /// The same for whoever is signed in already.
    #[must_use]
    pub fn own_attempt(user: &User) -> Attempt {
        let username = user.username.clone().unwrap_or_default();
        Attempt { username, found: None, known: true }
    }

    /// Waits until a password may be checked: addresses take turns, and the usernames of each. An account that is known where
    /// the client is has turns of its own, so that strangers who share its address keep it waiting no longer than others.
    /// Whoever is gone meanwhile may stop waiting.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when too many wait, or for too long.
    pub async fn acquire_permit(
        &self,
        attempt: &Attempt,
        address: Option<IpAddr>,
    ) -> Result<SignInPermit, Error> {
        let name = username::compared(&attempt.username);
        let permit = if attempt.known {
            self.passwords.acquire(&name, &name).await?
        } else {
            self.passwords.acquire(address, &name).await?
        };
        Ok(SignInPermit { _permit: permit })
    }

    /// Makes a token for the user with this username and password, whose turn it is.
    ///
    /// # Errors
    /// [`Error::Invalid`], the same on both fields whichever is wrong, after the same time;
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
            Some(account) => ThrottleKey::Account(account.id),
            None => ThrottleKey::UnknownName(username::compared(&username)),
        };
        let account = found.as_ref().map(|account| (account.id, username.as_str()));
        let matches = self.verify_throttled((key, account), password, found.as_ref(), known, by).await?;
        let Some(account) = found.filter(|_| matches) else {
            return Err(Error::Invalid(wrong_credentials()));
        };
        let (secret, ends) = (tokens::secret(), Instant::now() + tokens::LIFETIME);
        let token = Token::from_secret(&secret);
        let (owner, hash, address) = (account.clone(), token.hash().to_owned(), by.address.clone());
        let users = self.users.clone();
        let save = async move |db: &Transaction| {
            let expires = tokens::save(db, &users, &owner, hash.clone(), &address).await?;
            Ok((users.user(db, owner.id).await?.ok_or_else(|| Error::Invalid(wrong_credentials()))?, expires))
        };
        let ((user, expires), _) = self.db.write(save).await?;
        audit::signed_in(&account, by);
        Ok((SignedIn { user, token: secret, expires }, token, ends))
    }

    /// Who is called so, and whether they are known to be where this comes from.
    async fn find_account(&self, name: &str, by: &Caller) -> Result<(Option<Account>, bool), Error> {
        let (name, address, users) = (name.to_owned(), by.address.clone(), self.users.clone());
        let find = async move |db: &Transaction| {
            let found = users.by_username(db, &name).await?;
            // Asked for nobody, too, so that it takes as long.
            let id = found.as_ref().map_or(0, |account| account.id);
            let known = addresses::is_known(db, id, &address).await?;
            Ok((found, known))
        };
        let (found, known) = self.db.read(find).await?;
        let holds_token = found.as_ref().is_some_and(|account| by.user == Some(account.id));
        Ok((found, known || holds_token))
    }

    /// Whether this is the account's password, which may be key only so often.
    async fn verify_throttled(
        &self,
        (key, account): (ThrottleKey, Option<(i64, &str)>),
        password: String,
        found: Option<&Account>,
        known: bool,
        by: &Caller,
    ) -> Result<bool, Error> {
        let bucket = self.failures.acquire(&key, known).map_err(|throttled| {
            if throttled.log {
                self.audit.throttled(account, by);
            }
            Error::RateLimited { seconds: throttled.seconds }
        })?;
        let hash = found.and_then(|found| found.password_hash.clone()).map(|hash| hash.0);
        let matches = self.passwords.verify(password, hash).await;
        match matches {
            Ok(false) => self.audit.failed(account, by),
            // What was not judged is no failure either.
            Ok(true) | Err(_) => self.failures.refund(&key, bucket),
        }
        matches
    }

    /// Gives whoever is signed in by this token another password. Their other sign-ins end, and are returned; this one goes
    /// on. To send it again, when it is not known whether it was carried out, does no harm.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the old one is wrong; [`Error::RateLimited`], as for [`login`](Self::login);
    /// [`Error::Unauthorized`] when the sign-in has ended.
    pub async fn set_password(
        &self,
        SetPassword { old, new }: SetPassword,
        (user, token): (i64, &Token),
        by: &Caller,
        _permit: SignInPermit,
    ) -> Result<(Vec<Token>, Commit), Error> {
        let users = self.users.clone();
        let find = async move |db: &Transaction| Ok(users.account(db, user).await?);
        let found = self.db.read(find).await?.ok_or(Error::Unauthorized(SIGNED_OUT_MESSAGE))?;
        let name = found.username.clone().unwrap_or_default();
        let account = (ThrottleKey::Account(user), Some((user, &*name)));
        let before = found.password_hash.clone();
        let matches = self.verify_throttled(account, old, Some(&found), true, by).await?;
        let repeated = !matches && self.matches_password(&found, new.clone()).await?;
        if !matches && !repeated {
            return Err(Error::Invalid(FieldErrors::one("old", WRONG_OLD_PASSWORD)));
        }
        let hash =
            if repeated { before.clone() } else { Some(PasswordHash(self.passwords.hash(new).await?)) };
        let (token, users) = (token.clone(), self.users.clone());
        let set = async move |db: &Transaction| {
            lock_valid(db, &token).await?;
            replace_password(db, &users, user, (before.as_ref(), hash.as_ref())).await?;
            Ok(accounts::end_sign_ins(db, &users, user, Some(&token)).await?)
        };
        let set = self.db.write(set).await?;
        audit::password_set(&found, by);
        Ok(set)
    }

    async fn matches_password(&self, account: &Account, password: String) -> Result<bool, Error> {
        let hash = account.password_hash.clone().map(|hash| hash.0);
        self.passwords.verify(password, hash).await
    }

    /// Makes a token worthless.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the token is then still good.
    pub async fn logout(&self, token: Token) -> Result<(), Error> {
        let delete = async move |db: &Transaction| {
            token::Entity::delete_many().filter(token::Column::Hash.eq(token.hash())).exec(db).await?;
            Ok(())
        };
        self.db.write(delete).await.map(|_| ())
    }

    /// Whose token this is, if it is anybody's and has not expired.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn token_owner(&self, token: Token) -> Result<Option<TokenOwner>, Error> {
        let users = self.users.clone();
        let find = async move |db: &Transaction| {
            let Some(found) = tokens::find_valid(db, &token).one(db).await? else { return Ok(None) };
            let user = users.user(db, found.user_id).await?;
            let ends = tokens::monotonic_expiry(found.expires_at, clock::now(db).await?);
            Ok(user.map(|user| TokenOwner { user, ends }))
        };
        self.db.read(find).await
    }
}

/// Writes a password's hash in the place of the one that was judged by.
async fn replace_password(
    db: &Transaction,
    users: &UserTable,
    user: i64,
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
