//! Sample data for an empty database.
//!
//! Sample users have publicly known passwords if the server is open and on a loopback address. Otherwise they share a
//! random password, which is printed once.

use std::{collections::HashMap, sync::Arc};

use futures_util::future::LocalBoxFuture;
use rand::seq::IndexedRandom;

use crate::{
    auth,
    database::{Database, Transaction},
    error::Error,
    users::{Account, PasswordHash, UserTable},
};

/// The passwords of sample users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// `<username>_password`.
    Known,
    /// A random password, the same for all users.
    Random,
}

/// The context of a function that writes sample data.
pub struct Seeding<'a> {
    /// The transaction for all writes.
    pub db: &'a Transaction,
    hashes: &'a HashMap<&'static str, PasswordHash>,
}

impl Seeding<'_> {
    /// The password hash of a sample user; `None` for other usernames.
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

/// The result of inserting sample data.
#[derive(Clone, PartialEq, Eq)]
pub struct Seeded {
    /// The random password, which is stored and logged nowhere.
    password: Option<String>,
    usernames: &'static [&'static str],
    program: &'static str,
}

impl Seeded {
    /// A sentence for the operator with the random password and its users.
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

/// Letters and digits that are hard to confuse.
const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits.
const LENGTH: usize = 20;

fn random_password() -> String {
    let mut random = rand::rng();
    (0..LENGTH).filter_map(|_| LETTERS.choose(&mut random)).map(|letter| char::from(*letter)).collect()
}

fn known_password(username: &str) -> String {
    format!("{username}_password")
}

impl Seed {
    /// `fill` must write nothing and return `false` if the database is not empty.
    pub(crate) fn new<F>(fill: F, usernames: &'static [&'static str], program: &'static str) -> Self
    where
        F: AsyncFn(&Seeding<'_>) -> Result<bool, Error> + Clone + Send + Sync + 'static,
    {
        Self { fill: boxed(fill), usernames, program }
    }

    /// Inserts the sample data into an empty database; `None` if it is not empty.
    ///
    /// # Errors
    /// [`Error`] of the database.
    pub async fn run(&self, db: &Database, passwords: Passwords) -> Result<Option<Seeded>, Error> {
        let password = (passwords == Passwords::Random && !self.usernames.is_empty()).then(random_password);
        let mut hashes = HashMap::new();
        for username in self.usernames {
            let password = password.clone().unwrap_or_else(|| known_password(username));
            hashes.insert(*username, PasswordHash(auth::hash_password(&password)?));
        }
        let fill = self.fill.clone();
        let work = async move |db: &Transaction| fill(&Seeding { db, hashes: &hashes }).await;
        let (seeded, _) = db.write(work).await?;
        let (usernames, program) = (self.usernames, self.program);
        Ok(seeded.then_some(Seeded { password, usernames, program }))
    }

    /// Logs a warning with sample users that still have publicly known passwords, and a remedy. Runs in the background,
    /// because verifying each hash costs as much as a sign-in.
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
            Err(error) => return tracing::warn!(%error, "the passwords of sample users could not be checked"),
        };
        let known = move || accounts.into_iter().filter_map(has_known_password).collect();
        let usernames: Vec<String> = tokio::task::spawn_blocking(known).await.unwrap_or_default();
        if let Some(first) = usernames.first() {
            let command = format!("{program} user set-password {first}");
            let usernames = usernames.join(", ");
            tracing::warn!(
                usernames,
                command,
                "sample users have publicly known passwords: set others, or delete the users"
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
    auth::is_password(&known_password(&username), &hash.0).then_some(username)
}
