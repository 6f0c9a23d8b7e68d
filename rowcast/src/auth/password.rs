//! Passwords, hashed with argon2id. Checking one takes tens of milliseconds and 19 MiB on purpose, so it happens
//! on threads that may block, a few at a time.

use std::{hash::Hash, sync::Arc};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};
use rand::Rng;

use crate::{
    error::Error,
    fair_queue::{FairPermit, FairQueue, QueueCapacity, QueueError, hash_key},
};

/// Passwords checked at the same time.
const MAX_CONCURRENT: usize = 2;
/// Who may wait: from one address no more than are checked while one waits.
const QUEUE_CAPACITY: QueueCapacity = QueueCapacity { total: 2048, per_client: 128 };

/// Room asked for to hash in, in blocks of 1 KiB; only what is used becomes real. From 32 MiB on glibc takes memory from
/// the system and gives it back, each time; less it would keep, once for every thread that ever hashed.
const ALLOC_BLOCKS: usize = 33 * 1024;

/// A password's hash in PHC form, with a salt of its own.
///
/// # Errors
/// [`Error::Internal`] when it cannot be hashed here.
pub fn hash(password: &str) -> Result<String, Error> {
    let mut salt = [0; 16];
    rand::rng().fill_bytes(&mut salt);
    phc(password, &salt).map_err(|error| Error::Internal(format!("argon2: {error}")))
}

fn phc(password: &str, salt: &[u8]) -> Result<String, argon2::password_hash::Error> {
    let params = Params::default();
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: (&params).try_into()?,
        salt: Some(Salt::new(salt)?),
        hash: Some(digest(password, salt, params, Params::DEFAULT_OUTPUT_LEN)?),
    };
    Ok(hash.to_string())
}

fn digest(
    password: &str,
    salt: &[u8],
    params: Params,
    length: usize,
) -> Result<Output, argon2::password_hash::Error> {
    let mut memory = Vec::with_capacity(params.block_count().max(ALLOC_BLOCKS));
    memory.resize(params.block_count(), Block::default());
    let mut output = vec![0; length];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, &mut memory)?;
    Ok(Output::new(&output)?)
}

/// Whether the password gives this hash; compared in constant time. False for what is no hash of ours.
#[must_use]
pub fn is_password(password: &str, hash: &str) -> bool {
    verify(password, hash).unwrap_or(false)
}

fn verify(password: &str, hash: &str) -> Result<bool, argon2::password_hash::Error> {
    let hash = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    Ok(digest(password, salt.as_ref(), Params::try_from(&hash)?, expected.len())? == *expected)
}

pub(super) struct PasswordVerifier {
    queue: Arc<FairQueue>,
    /// Checked against when there is no such user, so that both answers take the same time.
    dummy_hash: String,
}

impl PasswordVerifier {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {
            queue: FairQueue::new(MAX_CONCURRENT, QUEUE_CAPACITY),
            dummy_hash: hash("nobody has this password")?,
        })
    }

    /// Waits until a password may be checked: clients take turns, and the parts of each. A flood delays what comes from the same
    /// client.
    pub(super) async fn acquire(&self, client: impl Hash, part: impl Hash) -> Result<FairPermit, Error> {
        let permit = self.queue.acquire(hash_key(client), hash_key(part)).await;
        permit.map_err(|error| match error {
            QueueError::Full => Error::RateLimited { seconds: 1 },
            QueueError::Timeout => Error::RateLimited { seconds: 5 },
        })
    }

    /// Whether the password is the one that was hashed. Never true where there is no hash. The turn is waited for before.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy_hash.clone());
        let matches = spawn_blocking(move || verify(&password, &hash)).await?;
        matches.map(|matches| matches && exists).map_err(|error| Error::Internal(format!("argon2: {error}")))
    }

    /// A password's hash. The turn is waited for before.
    pub(super) async fn hash(&self, password: String) -> Result<String, Error> {
        spawn_blocking(move || hash(&password)).await?
    }
}

async fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher;

    use super::*;

    #[actix_web::test]
    async fn only_the_password_that_was_hashed_is_right() {
        let verifier = PasswordVerifier::new().unwrap();
        let hashed = hash("mara_password").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        // Made by the library as a whole, so that ours is the usual hash.
        let argon2 = Argon2::default().hash_password(b"teo_password").unwrap().to_string();
        assert!(verifier.verify("teo_password".into(), Some(argon2)).await.unwrap());
        assert!(verifier.verify("mara_password".into(), Some(hashed.clone())).await.unwrap());
        assert!(!verifier.verify("mara_passwore".into(), Some(hashed)).await.unwrap());
        assert!(!verifier.verify("nobody has this password".into(), None).await.unwrap());
    }
}
