//! Who a socket is: login, logout, tokens.
//!
//! A token is 32 random bytes. The database keeps only its hash, so a copy of the database signs nobody in.

mod addresses;
mod caller;
mod password;
mod throttle;
mod tokens;
mod trail;

use std::{net::IpAddr, time::Instant};

use api_schema::{Coach, FieldErrors, SetPassword, SignedIn, username};
use entity::{coach, token};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use crate::{
    accounts, clock, collections,
    database::{Commit, Database, Transaction},
    error::Error,
    turns::Turn,
};
pub use caller::{Caller, shortened};
pub use password::{hash as hash_password, is_password};
use throttle::{Throttle, Tried};
pub use tokens::{ENDED, Holder, Token, check, expiries, hold};
use trail::Trail;

/// What a wrong password and an unknown user are both told.
const WRONG: &str = "the username or the password is wrong";
const NOT_YOURS: &str = "is not your password";

/// That passwords may be checked for one client, for as long as this lives.
pub struct SignInTurn {
    _turn: Turn,
}

/// Who is to be signed in, as far as a username tells.
pub struct Attempt {
    username: String,
    found: Option<coach::Model>,
    known: bool,
}

impl Attempt {
    /// Whether the account is known where the client is.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known
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

    /// Who is to be signed in by this username.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn attempt(&self, username: &str, by: &Caller) -> Result<Attempt, Error> {
        let (found, known) = self.sought(username, by).await?;
        Ok(Attempt { username: username.to_owned(), found, known })
    }

    /// The same for whoever is signed in already.
    #[must_use]
    pub fn own_attempt(user: &Coach) -> Attempt {
        let username = user.username.clone().unwrap_or_default();
        Attempt { username, found: None, known: true }
    }

    /// Waits until a password may be checked: addresses take turns, and the usernames of each. An account that is known where
    /// the client is has turns of its own, so that strangers who share its address keep it waiting no longer than others.
    /// Whoever is gone meanwhile may stop waiting.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when too many wait, or for too long.
    pub async fn turn(&self, attempt: &Attempt, address: Option<IpAddr>) -> Result<SignInTurn, Error> {
        let name = username::compared(&attempt.username);
        let turn = if attempt.known {
            self.passwords.turn(&name, &name).await?
        } else {
            self.passwords.turn(address, &name).await?
        };
        Ok(SignInTurn { _turn: turn })
    }

    /// Makes a token for the coach with this username and password, whose turn it is.
    ///
    /// # Errors
    /// [`Error::Invalid`], the same on both fields whichever is wrong, after the same time;
    /// [`Error::RateLimited`] after too many failures for one username.
    pub async fn login(
        &self,
        attempt: Attempt,
        password: String,
        by: &Caller,
        _turn: SignInTurn,
    ) -> Result<(SignedIn, Token, Instant), Error> {
        let Attempt { username, found, known } = attempt;
        let tried = match &found {
            Some(coach) => Tried::Account(coach.id),
            None => Tried::Nobody(username::compared(&username)),
        };
        let account = found.as_ref().map(|coach| (coach.id, username.as_str()));
        let right = self.check((tried, account), password, found.as_ref(), known, by).await?;
        let Some(coach) = found.filter(|_| right) else {
            return Err(Error::Invalid(wrong()));
        };
        let (secret, ends) = (tokens::secret(), Instant::now() + tokens::LIFETIME);
        let token = Token::presented(&secret);
        let (owner, hash, address) = (coach.clone(), token.hash().to_owned(), by.address.clone());
        let save = async move |db: &Transaction| tokens::save(db, &owner, hash.clone(), &address).await;
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
        _turn: SignInTurn,
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
            token::Entity::delete_many().filter(token::Column::Hash.eq(token.hash())).exec(db).await?;
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
            let Some(found) = tokens::good(db, &token).one(db).await? else { return Ok(None) };
            let coach = coach::Entity::find_by_id(found.coach_id).one(db).await?;
            let ends = tokens::ends(found.expires_at, clock::now(db).await?);
            Ok(coach.map(|coach| Holder { user: collections::coach_row(coach), ends }))
        };
        self.db.read(find).await
    }
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

fn wrong() -> FieldErrors {
    let mut errors = FieldErrors::new();
    errors.insert("username", WRONG);
    errors.insert("password", WRONG);
    errors
}
