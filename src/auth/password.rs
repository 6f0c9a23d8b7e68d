//! Passwords, hashed with argon2id. Checking one takes tens of milliseconds and 19 MiB on purpose, so it happens
//! on threads that may block, a few at a time.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::time::Duration;
use tokio::sync::Semaphore;

use crate::error::Error;

/// Passwords checked at the same time.
const AT_ONCE: usize = 4;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// A password's hash in PHC form, with a salt of its own.
///
/// # Errors
/// [`Error::Internal`] when the system gives no random bytes.
pub fn hash(password: &str) -> Result<String, Error> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| Error::Internal(format!("argon2: {error}")))
}

pub(super) struct Checker {
    turns: Semaphore,
    /// Checked against when there is no such user, so that both answers take the same time.
    nobody: String,
}

impl Checker {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { turns: Semaphore::new(AT_ONCE), nobody: hash("nobody has this password")? })
    }

    /// Whether the password is the one that was hashed. Never true where there is no hash.
    pub(super) async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(Error::RateLimited { seconds: 5 }) };
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let check = move || {
            let hash = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        };
        let right: Result<bool, String> =
            tokio::task::spawn_blocking(check).await.map_err(|error| Error::Internal(error.to_string()))?;
        right.map(|right| right && exists).map_err(|error| Error::Internal(format!("argon2: {error}")))
    }
}
