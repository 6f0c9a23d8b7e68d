//! Who a socket is: login, logout, tokens.
//!
//! A token is 32 random bytes. The database keeps only its hash, so a copy of the database signs nobody in.

mod addresses;
mod caller;
mod password;
mod throttle;
mod trail;

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use api_schema::{Coach, FieldErrors, Login, SetPassword, SignedIn, username};
use entity::{coach, token};
use rand::Rng;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use sha2::{Digest, Sha256};

use crate::{
    accounts, clock, collections,
    database::{Commit, Database, Transaction},
    error::Error,
};
pub use caller::{Caller, shortened};
pub use password::{hash as hash_password, is_password};
use throttle::{Throttle, Tried};
use trail::Trail;

/// How long a token is good for.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Tokens that one statement asks about.
const AT_ONCE: usize = 1000;
/// What is said when a token was good, and is not any more.
pub const ENDED: &str = "your sign-in has ended: sign in again";
/// What a wrong password and an unknown user are both told.
const WRONG: &str = "the username or the password is wrong";
const NOT_YOURS: &str = "is not your password";

/// A token as the database knows it: its hash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

/// Whom a token belongs to.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The coach.
    pub user: Coach,
    /// When it ends, by this machine's monotonic clock.
    pub ends: Instant,
}

impl Token {
    /// The token that a client presents.
    #[must_use]
    pub fn presented(token: &str) -> Self {
        Self(hex(&Sha256::digest(token.as_bytes())))
    }

    /// The token with this hash.
    pub(crate) fn known(hash: String) -> Self {
        Self(hash)
    }

    /// What the database has of it.
    pub(crate) fn hash(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Signs coaches in and out.
pub struct Auth {
    db: Database,
    passwords: password::Checker,
    failures: Throttle,
    trail: Trail,
}

impl Auth {
    /// Over this database.
    ///
    /// # Errors
    /// [`Error::Internal`] if no password can be hashed here.
    pub fn new(db: Database) -> Result<Self, Error> {
        let passwords = password::Checker::new()?;
        Ok(Self { db, passwords, failures: Throttle::default(), trail: Trail::default() })
    }

    /// Makes a token for the coach with this username and password.
    ///
    /// # Errors
    /// [`Error::Invalid`], the same on both fields whichever is wrong, after the same time;
    /// [`Error::RateLimited`] after too many failures for one username.
    pub async fn login(&self, login: Login, by: &Caller) -> Result<(SignedIn, Token, Instant), Error> {
        let (found, known) = self.sought(&login.username, by).await?;
        let tried = match &found {
            Some(coach) => Tried::Account(coach.id),
            None => Tried::Nobody(username::compared(&login.username)),
        };
        let account = found.as_ref().map(|coach| (coach.id, login.username.as_str()));
        let right = self.check((tried, account), login.password, found.as_ref(), known, by).await?;
        let Some(coach) = found.filter(|_| right) else {
            return Err(Error::Invalid(wrong()));
        };
        let (secret, ends) = (secret(), Instant::now() + LIFETIME);
        let token = Token::presented(&secret);
        let (owner, hash, address) = (coach.clone(), token.0.clone(), by.address.clone());
        let save = async move |db: &Transaction| save(db, &owner, hash.clone(), &address).await;
        let (expires, _) = self.db.write(save).await?;
        trail::signed_in(&coach, by);
        let user = collections::coach_row(coach);
        Ok((SignedIn { user, token: secret, expires }, token, ends))
    }

    /// Who is called so, and whether they are known to be where this comes from.
    async fn sought(&self, name: &str, by: &Caller) -> Result<(Option<coach::Model>, bool), Error> {
        let (name, address) = (name.to_owned(), by.address.clone());
        let look = async move |db: &Transaction| {
            let found = accounts::named::coach(db, &name).await?;
            // Asked for nobody, too, so that it takes as long.
            let id = found.as_ref().map_or(0, |coach| coach.id);
            let known = addresses::is_known(db, id, &address).await?;
            Ok((found, known))
        };
        let (found, known) = self.db.read(look).await?;
        let holds_token = found.as_ref().is_some_and(|coach| by.user == Some(coach.id));
        Ok((found, known || holds_token))
    }

    /// Whether this is the coach's password, which may be tried only so often.
    async fn check(
        &self,
        (tried, account): (Tried, Option<(i64, &str)>),
        password: String,
        coach: Option<&coach::Model>,
        known: bool,
        by: &Caller,
    ) -> Result<bool, Error> {
        let from = self.failures.begin(&tried, known).map_err(|used_up| {
            if used_up.tell {
                self.trail.guessed(account, by);
            }
            Error::RateLimited { seconds: used_up.seconds }
        })?;
        let hash = coach.and_then(|coach| coach.password_hash.clone()).map(|hash| hash.0);
        let right = self.passwords.check(password, hash).await;
        match right {
            Ok(false) => self.trail.failed(account, by),
            // What was not judged is no failure either.
            Ok(true) | Err(_) => self.failures.give_back(&tried, from),
        }
        right
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
    ) -> Result<(Vec<Token>, Commit), Error> {
        let find = async move |db: &Transaction| Ok(coach::Entity::find_by_id(user).one(db).await?);
        let coach = self.db.read(find).await?.ok_or(Error::Unauthorized(ENDED))?;
        let name = coach.username.clone().unwrap_or_default();
        let account = (Tried::Account(user), Some((user, &*name)));
        let before = coach.password_hash.clone();
        let right = self.check(account, old, Some(&coach), true, by).await?;
        let repeated = !right && self.is_password_of(&coach, new.clone()).await?;
        if !right && !repeated {
            return Err(Error::Invalid(FieldErrors::one("old", NOT_YOURS)));
        }
        let hash = if repeated {
            before.clone()
        } else {
            Some(coach::PasswordHash(self.passwords.hash(new).await?))
        };
        let token = token.clone();
        let set = async move |db: &Transaction| {
            hold(db, &token).await?;
            replace_password(db, user, before.clone(), hash.clone()).await?;
            Ok(accounts::end_sign_ins(db, user, Some(&token)).await?)
        };
        let set = self.db.write(set).await?;
        trail::password_set(&coach, by);
        Ok(set)
    }

    async fn is_password_of(&self, coach: &coach::Model, password: String) -> Result<bool, Error> {
        let hash = coach.password_hash.clone().map(|hash| hash.0);
        self.passwords.check(password, hash).await
    }

    /// Makes a token worthless.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the token is then still good.
    pub async fn logout(&self, token: Token) -> Result<(), Error> {
        let forget = async move |db: &Transaction| {
            token::Entity::delete_many().filter(token::Column::Hash.eq(&*token.0)).exec(db).await?;
            Ok(())
        };
        self.db.write(forget).await.map(|_| ())
    }

    /// Whose token this is, if it is anybody's and has not expired.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn holder(&self, token: Token) -> Result<Option<Holder>, Error> {
        let find = async move |db: &Transaction| {
            let Some(found) = good(db, &token).one(db).await? else { return Ok(None) };
            let coach = coach::Entity::find_by_id(found.coach_id).one(db).await?;
            let ends = ends(found.expires_at, clock::now(db).await?);
            Ok(coach.map(|coach| Holder { user: collections::coach_row(coach), ends }))
        };
        self.db.read(find).await
    }
}

/// Passes if a token is good within this transaction.
///
/// # Errors
/// [`Error::Unauthorized`] if it is not.
pub async fn check(db: &Transaction, token: &Token) -> Result<(), Error> {
    found(good(db, token).one(db).await?)
}

/// The same, and it stays so until the transaction ends: whoever takes the token away waits for that.
///
/// # Errors
/// As [`check`].
pub async fn hold(db: &Transaction, token: &Token) -> Result<(), Error> {
    found(good(db, token).lock(LockType::KeyShare).one(db).await?)
}

/// When those of the tokens end that are still there, by this machine's monotonic clock: what has ended has ended by now.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn expiries(db: &Database, tokens: Vec<Token>) -> Result<HashMap<Token, Instant>, Error> {
    let find = async move |db: &Transaction| {
        let (mut expiries, now) = (HashMap::new(), clock::now(db).await?);
        for some in tokens.chunks(AT_ONCE) {
            let hashes = some.iter().map(|token| token.0.as_str());
            let found = token::Entity::find().filter(token::Column::Hash.is_in(hashes)).all(db).await?;
            expiries.extend(found.into_iter().map(|found| (Token(found.hash), ends(found.expires_at, now))));
        }
        Ok(expiries)
    };
    db.read(find).await
}

fn good(db: &Transaction, token: &Token) -> Select<token::Entity> {
    let known = token::Entity::find().filter(token::Column::Hash.eq(token.0.as_str()));
    known.filter(Expr::col(token::Column::ExpiresAt).gt(Expr::cust(clock::sql(db.get_database_backend()))))
}

/// The same moment on this machine's monotonic clock. What is further away than a token lives is as good as that.
fn ends(expires: i64, now: i64) -> Instant {
    let left = Duration::from_secs(u64::try_from(expires.saturating_sub(now)).unwrap_or(0));
    Instant::now() + left.min(LIFETIME)
}

fn found(token: Option<token::Model>) -> Result<(), Error> {
    token.map(drop).ok_or(Error::Unauthorized(ENDED))
}

/// Writes a password's hash in the place of the one that was judged by.
async fn replace_password(
    db: &Transaction,
    coach: i64,
    before: Option<coach::PasswordHash>,
    hash: Option<coach::PasswordHash>,
) -> Result<(), Error> {
    if before == hash {
        return Ok(());
    }
    let replaced = coach::Entity::update_many()
        .set(coach::ActiveModel { password_hash: Set(hash), ..Default::default() })
        .filter(coach::Column::Id.eq(coach))
        .filter(coach::Column::PasswordHash.eq(before))
        .exec(db)
        .await?;
    match replaced.rows_affected {
        0 => Err(Error::Invalid(FieldErrors::one("old", NOT_YOURS))),
        _ => Ok(()),
    }
}

/// Saves a token and forgets those that have expired; returns when this one will, in seconds since 1970. Whose password or
/// username has changed since they were looked at is not signed in by the old one: the new token refers to the coach, so
/// that [`accounts::end_sign_ins`] either sees it, or has been waited for.
async fn save(db: &Transaction, coach: &coach::Model, hash: String, address: &str) -> Result<i64, Error> {
    let now = clock::now(db).await?;
    let expires = now + LIFETIME.as_secs().cast_signed();
    let row = token::ActiveModel {
        hash: Set(hash),
        coach_id: Set(coach.id),
        expires_at: Set(expires),
        ..Default::default()
    };
    token::Entity::insert(row).exec_without_returning(db).await?;
    let as_they_were = coach::Entity::find_by_id(coach.id)
        .filter(coach::Column::Username.eq(coach.username.clone()))
        .filter(coach::Column::PasswordHash.eq(coach.password_hash.clone()));
    if as_they_were.one(db).await?.is_none() {
        return Err(Error::Invalid(wrong()));
    }
    token::Entity::delete_many().filter(token::Column::ExpiresAt.lte(now)).exec(db).await?;
    addresses::remember(db, coach.id, address, now).await?;
    Ok(expires)
}

fn wrong() -> FieldErrors {
    let mut errors = FieldErrors::new();
    errors.insert("username", WRONG);
    errors.insert("password", WRONG);
    errors
}

fn secret() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex(&bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
