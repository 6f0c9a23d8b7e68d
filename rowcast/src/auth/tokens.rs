//! Tokens: what somebody who has signed in presents from then on.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use crate::entity::token;
use rand::Rng;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use sha2::{Digest, Sha256};

use super::{addresses, wrong_credentials};
use crate::{
    clock,
    database::{Database, Transaction},
    error::Error,
    users::{Account, User, UserTable},
};

/// How long a token is good for.
pub(super) const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Tokens that one statement asks about.
const BATCH_SIZE: usize = 1000;
/// What is said when a token was good, and is not any more.
pub const SIGNED_OUT_MESSAGE: &str = "your sign-in has ended: sign in again";

/// A token as the database knows it: its hash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

/// Whom a token belongs to.
#[derive(Clone, Debug)]
pub struct TokenOwner {
    /// The user.
    pub user: User,
    /// When it ends, by this machine's monotonic clock.
    pub ends: Instant,
}

impl Token {
    /// The token that a client presents.
    #[must_use]
    pub fn from_secret(token: &str) -> Self {
        Self(hex(&Sha256::digest(token.as_bytes())))
    }

    /// The token with this hash.
    pub(crate) fn from_hash(hash: String) -> Self {
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

/// Passes if a token is good within this transaction.
///
/// # Errors
/// [`Error::Unauthorized`] if it is not.
pub async fn check(db: &Transaction, token: &Token) -> Result<(), Error> {
    require(find_valid(db, token).one(db).await?)
}

/// The same, and it stays so until the transaction ends: whoever takes the token away waits for that.
///
/// # Errors
/// As [`check`].
pub async fn lock_valid(db: &Transaction, token: &Token) -> Result<(), Error> {
    require(find_valid(db, token).lock(LockType::KeyShare).one(db).await?)
}

/// When those of the tokens end that are still there, by this machine's monotonic clock: what has ended has ended by now.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn expiries(db: &Database, tokens: Vec<Token>) -> Result<HashMap<Token, Instant>, Error> {
    let find = async move |db: &Transaction| {
        let (mut expiries, now) = (HashMap::new(), clock::now(db).await?);
        for batch in tokens.chunks(BATCH_SIZE) {
            let hashes = batch.iter().map(|token| token.0.as_str());
            let found = token::Entity::find().filter(token::Column::Hash.is_in(hashes)).all(db).await?;
            expiries.extend(
                found.into_iter().map(|found| (Token(found.hash), monotonic_expiry(found.expires_at, now))),
            );
        }
        Ok(expiries)
    };
    db.read(find).await
}

pub(super) fn find_valid(db: &Transaction, token: &Token) -> Select<token::Entity> {
    let by_hash = token::Entity::find().filter(token::Column::Hash.eq(token.0.as_str()));
    by_hash.filter(Expr::col(token::Column::ExpiresAt).gt(Expr::cust(clock::sql(db.get_database_backend()))))
}

/// The same moment on this machine's monotonic clock. What is further away than a token lives is as good as that.
pub(super) fn monotonic_expiry(expires: i64, now: i64) -> Instant {
    let left = Duration::from_secs(u64::try_from(expires.saturating_sub(now)).unwrap_or(0));
    Instant::now() + left.min(LIFETIME)
}

fn require(token: Option<token::Model>) -> Result<(), Error> {
    token.map(drop).ok_or(Error::Unauthorized(SIGNED_OUT_MESSAGE))
}

/// Saves a token and forgets those that have expired; returns when this one will, in seconds since 1970. A user whose
/// password or username has changed since it was looked at is not signed in by the old one: the row is locked, so that
/// [`accounts::end_sign_ins`](crate::accounts::end_sign_ins) either sees the token, or has been waited for.
pub(super) async fn save(
    db: &Transaction,
    users: &UserTable,
    account: &Account,
    hash: String,
    address: &str,
) -> Result<i64, Error> {
    let now = clock::now(db).await?;
    let expires = now + LIFETIME.as_secs().cast_signed();
    users.lock(db, account.id, LockType::KeyShare).await?;
    let row = token::ActiveModel {
        hash: Set(hash),
        user_id: Set(account.id),
        expires_at: Set(expires),
        ..Default::default()
    };
    token::Entity::insert(row).exec_without_returning(db).await?;
    if users.account(db, account.id).await?.as_ref() != Some(account) {
        return Err(Error::Invalid(wrong_credentials()));
    }
    token::Entity::delete_many().filter(token::Column::ExpiresAt.lte(now)).exec(db).await?;
    addresses::remember(db, account.id, address, now).await?;
    Ok(expires)
}

pub(super) fn secret() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex(&bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
