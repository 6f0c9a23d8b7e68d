//! Sample data: what a product fills an empty database with.
//!
//! Sample users have passwords that everybody can read in the product's source, but only where the server is reached from this
//! machine alone and asks for no sign-in. Elsewhere they share one that is made up for them and shown once.

use std::{collections::HashMap, sync::Arc};

use futures_util::future::LocalBoxFuture;
use rand::seq::IndexedRandom;

use crate::{
    auth,
    database::{Database, Transaction},
    error::Error,
    users::{Account, PasswordHash, UserTable},
};

/// Which passwords sample users get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// `<username>_password`.
    Known,
    /// A new one, the same for all of them.
    Random,
}

/// What sample data is written with.
pub struct Seeding<'a> {
    /// The transaction in which all of it is written.
    pub db: &'a Transaction,
    hashes: &'a HashMap<&'static str, PasswordHash>,
}

impl Seeding<'_> {
    /// The hash of the password of a sample user; nothing for a username that was not named as one.
    #[must_use]
    pub fn password_hash(&self, username: &str) -> Option<String> {
        self.hashes.get(username).map(|hash| hash.0.clone())
    }
}

type Fill = dyn for<'a> Fn(&'a Seeding<'a>) -> LocalBoxFuture<'a, Result<bool, Error>> + Send + Sync;

/// A product's sample data.
#[derive(Clone)]
pub struct Seed {
    fill: Arc<Fill>,
    usernames: &'static [&'static str],
    program: &'static str,
}

/// What was planted.
#[derive(Clone, PartialEq, Eq)]
pub struct Planted {
    /// The password that was made up. It is in no log and nowhere else.
    password: Option<String>,
    usernames: &'static [&'static str],
    program: &'static str,
}

impl Planted {
    /// The sentence for the operator, if a password was made up: which users sign in with it.
    #[must_use]
    pub fn announcement(&self) -> Option<String> {
        let (names, program) = (self.usernames.join(", "), self.program);
        self.password.as_ref().map(|password| {
            format!(
                "the sample users ({names}) sign in with the password {password}, which is not shown again; \
                 {program} user set-password USERNAME sets another"
            )
        })
    }
}

/// Letters and digits that are not mistaken for each other.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits.
const LENGTH: usize = 20;

fn made_up() -> String {
    let mut random = rand::rng();
    (0..LENGTH).filter_map(|_| LETTERS.choose(&mut random)).map(|letter| char::from(*letter)).collect()
}

fn well_known(username: &str) -> String {
    format!("{username}_password")
}

impl Seed {
    /// What writes it, which is to write nothing and give `false` if the database is not empty; and the usernames in it.
    pub(crate) fn new<F>(fill: F, usernames: &'static [&'static str], program: &'static str) -> Self
    where
        F: AsyncFn(&Seeding<'_>) -> Result<bool, Error> + Clone + Send + Sync + 'static,
    {
        Self { fill: boxed(fill), usernames, program }
    }

    /// Plants it if there are no rows yet; nothing if there are.
    ///
    /// # Errors
    /// What the database says.
    pub async fn plant(&self, db: &Database, passwords: Passwords) -> Result<Option<Planted>, Error> {
        let password = (passwords == Passwords::Random && !self.usernames.is_empty()).then(made_up);
        let mut hashes = HashMap::new();
        for username in self.usernames {
            let password = password.clone().unwrap_or_else(|| well_known(username));
            hashes.insert(*username, PasswordHash(auth::hash_password(&password)?));
        }
        let fill = self.fill.clone();
        let plant = async move |db: &Transaction| fill(&Seeding { db, hashes: &hashes }).await;
        let (planted, _) = db.write(plant).await?;
        let (usernames, program) = (self.usernames, self.program);
        Ok(planted.then_some(Planted { password, usernames, program }))
    }

    /// Warns of sample users that still have the passwords that everybody knows, where they must not: with the usernames and what
    /// to do. That is beside the start, one hash after the other: each costs as much as a sign-in.
    pub(crate) async fn warn_of_known_passwords(self, db: Database, users: Arc<UserTable>) {
        let (usernames, program) = (self.usernames, self.program);
        let find = async move |db: &Transaction| {
            let mut found = Vec::new();
            for username in usernames {
                found.extend(users.by_username(db, username).await?);
            }
            Ok(found)
        };
        let accounts: Vec<Account> = match db.read(find).await {
            Ok(accounts) => accounts,
            Err(error) => return tracing::warn!(%error, "sample passwords could not be looked for"),
        };
        let known = move || accounts.into_iter().filter_map(has_known_password).collect();
        let usernames: Vec<String> = tokio::task::spawn_blocking(known).await.unwrap_or_default();
        if let Some(first) = usernames.first() {
            let command = format!("{program} user set-password {first}");
            let usernames = usernames.join(", ");
            tracing::warn!(
                usernames,
                command,
                "sample users have passwords that everybody knows: set others, or delete them"
            );
        }
    }
}

fn boxed<F>(fill: F) -> Arc<Fill>
where
    F: AsyncFn(&Seeding<'_>) -> Result<bool, Error> + Clone + Send + Sync + 'static,
{
    Arc::new(move |seeding| {
        let fill = fill.clone();
        Box::pin(async move { fill(seeding).await })
    })
}

fn has_known_password(account: Account) -> Option<String> {
    let (username, hash) = (account.username?, account.password_hash?);
    auth::is_password(&well_known(&username), &hash.0).then_some(username)
}
