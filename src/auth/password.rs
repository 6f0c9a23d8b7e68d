//! Passwords, hashed with argon2id. Checking one takes tens of milliseconds and 19 MiB on purpose, so it happens
//! on threads that may block, a few at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        PasswordHasher,
        phc::{Output, PasswordHash},
    },
};
use tokio::sync::Semaphore;

use crate::error::Error;

/// Passwords checked at the same time.
const AT_ONCE: usize = 2;
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
    memory: Arc<Mutex<Vec<Memory>>>,
    /// Checked against when there is no such user, so that both answers take the same time.
    nobody: String,
}

/// What one check works in. Kept and used again: given back each time, it would stay with the allocator, once for
/// every thread that ever checked.
type Memory = Vec<Block>;

impl Checker {
    pub(super) fn new() -> Result<Self, Error> {
        let nobody = hash("nobody has this password")?;
        Ok(Self { turns: Semaphore::new(AT_ONCE), memory: Arc::default(), nobody })
    }

    /// Whether the password is the one that was hashed. Never true where there is no hash.
    pub(super) async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(Error::RateLimited { seconds: 5 }) };
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let pool = self.memory.clone();
        let check = move || {
            let kept = || pool.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = kept().pop().unwrap_or_default();
            let right = fits(&password, &hash, &mut memory);
            kept().push(memory);
            right
        };
        let right =
            tokio::task::spawn_blocking(check).await.map_err(|error| Error::Internal(error.to_string()))?;
        right.map(|right| right && exists).map_err(|error| Error::Internal(format!("argon2: {error}")))
    }
}

/// Hashes the password as the hash was made, and compares them in constant time.
fn fits(password: &str, hash: &str, memory: &mut Memory) -> Result<bool, argon2::password_hash::Error> {
    let hash = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    let params = Params::try_from(&hash)?;
    memory.resize(params.block_count(), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut actual = vec![0; expected.len()];
    argon2.hash_password_into_with_memory(password.as_bytes(), salt.as_ref(), &mut actual, memory)?;
    Ok(Output::new(&actual)? == *expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn only_the_password_that_was_hashed_is_right() {
        let checker = Checker::new().unwrap();
        let hashed = hash("mara_password").unwrap();
        assert!(checker.check("mara_password".into(), Some(hashed.clone())).await.unwrap());
        assert!(!checker.check("mara_passwore".into(), Some(hashed)).await.unwrap());
        assert!(!checker.check("nobody has this password".into(), None).await.unwrap());
        assert_eq!(checker.memory.lock().unwrap().len(), 1, "one check at a time needs one memory");
    }
}
