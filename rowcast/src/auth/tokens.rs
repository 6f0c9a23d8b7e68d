//! Tokens: created at login and presented by clients from then on.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use crate::entity::token;
use rand::Rng;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Select,
    Set, Statement,
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

/// The lifetime of a token.
pub(super) const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Tokens in one query.
const BATCH_SIZE: usize = 1000;
/// The message for a token that was valid and has been revoked or has expired.
pub const SIGNED_OUT_MESSAGE: &str = "your sign-in has ended: sign in again";

/// The hash of a token, as the database stores it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

/// The owner of a token.
#[derive(Clone, Debug)]
pub struct TokenOwner {
    /// The user.
    pub user: User,
    /// The token's expiry, by the monotonic clock.
    pub ends: Instant,
}

impl Token {
    /// Hashes the token that a client presents.
    #[must_use]
    pub fn from_secret(token: &str) -> Self {
        Self(hex::encode(Sha256::digest(token.as_bytes())))
    }

    /// A token by its stored hash.
    pub(crate) fn from_hash(hash: String) -> Self {
        Self(hash)
    }

    /// The stored hash.
    pub(crate) fn hash(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Checks that a token is valid in this transaction.
///
/// # Errors
/// [`Error::Revoked`] if it is not.
pub async fn check(db: &Transaction, token: &Token) -> Result<(), Error> {
    require(find_valid(db, token).one(db).await?)
}

/// Checks that a token is valid, and locks it until the transaction ends: a concurrent revocation waits.
///
/// # Errors
/// As [`check`].
pub async fn lock_valid(db: &Transaction, token: &Token) -> Result<(), Error> {
    lock(db, token).await.map(drop)
}

/// The same, and returns the row.
pub(super) async fn lock(db: &Transaction, token: &Token) -> Result<token::Model, Error> {
    find_valid(db, token).lock(LockType::KeyShare).one(db).await?.ok_or(Error::Revoked)
}

/// Keeps a token in this transaction, when the trigger of a table ends all other sign-ins of a changed password.
pub(super) async fn keep(db: &Transaction, token: &Token) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        let sql = "select pg_catalog.set_config('rowcast.kept_token', $1, true)";
        db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [token.hash().into()]))
            .await?;
    }
    Ok(())
}

/// SQLite: inserts a token again that the trigger has deleted. Nobody else writes meanwhile.
pub(super) async fn restore(db: &Transaction, token: token::Model) -> Result<(), DbErr> {
    let token::Model { hash, user_id, expires_at, .. } = token;
    if token::Entity::find().filter(token::Column::Hash.eq(&*hash)).one(db).await?.is_none() {
        let row = token::ActiveModel {
            hash: Set(hash),
            user_id: Set(user_id),
            expires_at: Set(expires_at),
            ..Default::default()
        };
        token::Entity::insert(row).exec_without_returning(db).await?;
    }
    Ok(())
}

/// The expiries of those tokens that still exist, by the monotonic clock. A token that has expired gets the current
/// time.
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

/// Converts an expiry to the monotonic clock, at most one token lifetime ahead.
pub(super) fn monotonic_expiry(expires: i64, now: i64) -> Instant {
    let left = Duration::from_secs(u64::try_from(expires.saturating_sub(now)).unwrap_or(0));
    Instant::now() + left.min(LIFETIME)
}

fn require(token: Option<token::Model>) -> Result<(), Error> {
    token.map(drop).ok_or(Error::Revoked)
}

/// Inserts a token and deletes expired ones; returns the user's number and the new token's expiry in seconds since 1970. Fails if the
/// account's password or username has changed since it was verified. The row is locked, so that
/// [`accounts::end_sign_ins`](crate::accounts::end_sign_ins), or the trigger when another program changes the password, either
/// finds the token or has finished before.
pub(super) async fn save(
    db: &Transaction,
    users: &UserTable,
    account: &Account,
    hash: String,
    address: &str,
) -> Result<(i64, i64), Error> {
    let now = clock::now(db).await?;
    let expires = now + LIFETIME.as_secs().cast_signed();
    users.lock(db, &account.id, LockType::Share).await?;
    let found = users.numbered_account(db, &account.id).await?;
    let number = found.as_ref().and_then(|found| found.number);
    let Some(number) = number else { return Err(Error::Invalid(wrong_credentials())) };
    let row = token::ActiveModel {
        hash: Set(hash),
        user_id: Set(number),
        expires_at: Set(expires),
        ..Default::default()
    };
    token::Entity::insert(row).exec_without_returning(db).await?;
    let verified = Account { number: Some(number), ..account.clone() };
    if found != Some(verified) {
        return Err(Error::Invalid(wrong_credentials()));
    }
    token::Entity::delete_many().filter(token::Column::ExpiresAt.lte(now)).exec(db).await?;
    addresses::remember(db, number, address, now).await?;
    Ok((number, expires))
}

pub(super) fn secret() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}
