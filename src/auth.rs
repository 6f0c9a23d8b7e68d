//! Who a socket is: login, logout, tokens.
//!
//! A token is 32 random bytes. The database keeps only its hash, so a copy of the database signs nobody in.

mod password;
mod throttle;

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    time::{Duration, Instant},
};

use api_schema::{Coach, FieldErrors, Login, SignedIn};
use entity::{coach, token};
use rand::Rng;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use sha2::{Digest, Sha256};

use crate::{
    clock, collections,
    database::{Database, Transaction},
    error::Error,
    turns::Turn,
};
pub use password::hash as hash_password;
use throttle::Throttle;

/// How long a token is good for.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Tokens that one statement asks about.
const AT_ONCE: usize = 1000;
/// What is said when a token was good, and is not any more.
pub const ENDED: &str = "your sign-in has ended: sign in again";
/// What a wrong password and an unknown user are both told.
const WRONG: &str = "the username or the password is wrong";

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
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// That a password may be checked, for as long as this lives.
pub struct SignInTurn {
    _turn: Turn,
}

/// Signs coaches in and out.
pub struct Auth {
    db: Database,
    passwords: password::Checker,
    failures: Throttle,
}

impl Auth {
    /// Over this database.
    ///
    /// # Errors
    /// [`Error::Internal`] if no password can be hashed here.
    pub fn new(db: Database) -> Result<Self, Error> {
        Ok(Self { db, passwords: password::Checker::new()?, failures: Throttle::default() })
    }

    /// Waits until somebody at this address may sign in by this username. Whoever is gone meanwhile may stop waiting.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when too many wait, or for too long.
    pub async fn turn(&self, address: Option<IpAddr>, username: &str) -> Result<SignInTurn, Error> {
        Ok(SignInTurn { _turn: self.passwords.turn(address, username).await? })
    }

    /// Makes a token for the coach with this username and password, whose turn it is.
    ///
    /// # Errors
    /// [`Error::Invalid`], the same on both fields whichever is wrong, after the same time;
    /// [`Error::RateLimited`] after too many failures for one username.
    pub async fn login(&self, login: Login, _turn: SignInTurn) -> Result<(SignedIn, Token, Instant), Error> {
        self.failures.begin(&login.username)?;
        let username = login.username.clone();
        let found = self.db.read(async move |db| by_username(db, &username).await).await?;
        let hash = found.as_ref().and_then(|coach| coach.password_hash.clone()).map(|hash| hash.0);
        let right = self.passwords.check(login.password, hash).await?;
        let Some(coach) = found.filter(|_| right) else {
            return Err(Error::Invalid(wrong()));
        };
        self.failures.succeeded(&login.username);
        let secret = secret();
        let token = Token::presented(&secret);
        let (id, hash, ends) = (coach.id, token.0.clone(), Instant::now() + LIFETIME);
        let (expires, _) = self.db.write(async move |db| save(db, id, hash.clone()).await).await?;
        let user = collections::coach_row(coach);
        Ok((SignedIn { user, token: secret, expires }, token, ends))
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

/// Gives the coach with this username a password; the tokens made with the old one are forgotten.
///
/// # Errors
/// [`Error::Invalid`] when no coach has the username.
pub async fn set_password(db: &Database, username: String, password: &str) -> Result<(), Error> {
    let hash = hash_password(password)?;
    let set = async move |db: &Transaction| {
        let Some(coach) = by_username(db, &username).await? else {
            let mut errors = FieldErrors::new();
            errors.insert("username", "no coach has this username");
            return Err(Error::Invalid(errors));
        };
        coach::Entity::update_many()
            .set(coach::ActiveModel {
                password_hash: Set(Some(coach::PasswordHash(hash.clone()))),
                ..Default::default()
            })
            .filter(coach::Column::Id.eq(coach.id))
            .exec(db)
            .await?;
        token::Entity::delete_many().filter(token::Column::CoachId.eq(coach.id)).exec(db).await?;
        Ok(())
    };
    db.write(set).await.map(|_| ())
}

async fn by_username(db: &Transaction, username: &str) -> Result<Option<coach::Model>, Error> {
    Ok(coach::Entity::find().filter(coach::Column::Username.eq(username)).one(db).await?)
}

/// Saves a token and forgets those that have expired; returns when this one will, in seconds since 1970.
async fn save(db: &Transaction, coach: i64, hash: String) -> Result<i64, Error> {
    let now = clock::now(db).await?;
    let expires = now + LIFETIME.as_secs().cast_signed();
    token::Entity::delete_many().filter(token::Column::ExpiresAt.lte(now)).exec(db).await?;
    let row = token::ActiveModel {
        hash: Set(hash),
        coach_id: Set(coach),
        expires_at: Set(expires),
        ..Default::default()
    };
    token::Entity::insert(row).exec_without_returning(db).await?;
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
