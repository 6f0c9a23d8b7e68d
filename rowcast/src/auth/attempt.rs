//! A login attempt before its password is verified: the account, and the wait for a slot.

use std::net::IpAddr;

use rowcast_schema::username;

use super::{Auth, Caller, addresses};
use crate::{
    database::Transaction,
    error::Error,
    fair_queue::FairPermit,
    users::{Account, User},
};

/// Permission to verify one password. It occupies a slot of the queue until it is dropped.
pub struct SignInPermit {
    _permit: FairPermit,
}

/// A login attempt: the account that the username belongs to, if there is one.
pub struct Attempt {
    pub(super) username: String,
    pub(super) found: Option<Account>,
    pub(super) known: bool,
}

impl Attempt {
    /// Whether the account has signed in from the client's address before.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known
    }
}

impl Auth {
    /// Looks up the account for a login attempt.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn attempt(&self, username: &str, by: &Caller) -> Result<Attempt, Error> {
        let (found, known) = self.find_account(username, by).await?;
        Ok(Attempt { username: username.to_owned(), found, known })
    }

    /// The attempt of a signed-in user.
    #[must_use]
    pub fn own_attempt(user: &User) -> Attempt {
        let username = user.username.clone().unwrap_or_default();
        Attempt { username, found: None, known: true }
    }

    /// Waits for a slot to verify a password. Slots are shared fairly between addresses, and between the usernames of
    /// one address. An account that is known at the address has a share of its own, so that other clients of the
    /// address do not delay it. The future may be dropped while it waits.
    ///
    /// # Errors
    /// [`Error::RateLimited`] if the queue is full or the wait takes too long.
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

    /// The account with this username, and whether it is known at the caller's address.
    async fn find_account(&self, name: &str, by: &Caller) -> Result<(Option<Account>, bool), Error> {
        let (name, address, users) = (name.to_owned(), by.address.clone(), self.users()?);
        let find = async move |db: &Transaction| {
            let found = users.by_username(db, &name).await?;
            // An unknown username runs the same query, so that both take the same time.
            let number = found.as_ref().and_then(|account| account.number).unwrap_or(0);
            let known = addresses::is_known(db, number, &address).await?;
            Ok((found, known))
        };
        let (found, known) = self.db.read(find).await?;
        let holds_token = found.as_ref().is_some_and(|account| by.user.as_ref() == Some(&account.id));
        Ok((found, known || holds_token))
    }
}
