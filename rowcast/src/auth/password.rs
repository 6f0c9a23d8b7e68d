//! Password hashing with argon2id, and by the [schemes](scheme) of other programs. One verification takes tens of milliseconds
//! and 19 MiB by design, so it runs on blocking threads, a few at a time.

mod scheme;

use std::{
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};
use rand::Rng;
use rowcast_schema::FieldErrors;

use crate::{
    bounds,
    error::Error,
    fair_queue::{FairPermit, FairQueue, QueueCapacity, QueueError, hash_key},
};
use scheme::{StoredHash, Unusable};

/// Passwords verified at the same time.
const MAX_CONCURRENT: usize = 2;
/// One address may queue as many as are verified before a waiting request times out.
const QUEUE_CAPACITY: QueueCapacity = QueueCapacity { total: 2048, per_client: 128 };

/// Memory allocated for hashing, in blocks of 1 KiB; unused pages are never committed. From 32 MiB on, glibc returns
/// memory to the system after each use. A smaller allocation would stay resident in every thread that ever hashed.
const ALLOC_BLOCKS: usize = 33 * 1024;

/// Hashes a password with a new salt, in PHC format.
///
/// # Errors
/// [`Error::Internal`] if hashing fails.
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
    let mut memory = argon2_memory(&params);
    let mut output = vec![0; length];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, &mut memory)?;
    Ok(Output::new(&output)?)
}

fn argon2_memory(params: &Params) -> Vec<Block> {
    let mut memory = Vec::with_capacity(params.block_count().max(ALLOC_BLOCKS));
    memory.resize(params.block_count(), Block::default());
    memory
}

/// Hashes a password by the scheme of a stored hash, so that other programs can verify it. Without one, or if its scheme is
/// argon2 or unknown, by argon2id.
///
/// # Errors
/// [`Error::Invalid`] of the field if the scheme ignores the end of so long a password; [`Error::Internal`] if hashing fails.
pub fn hash_like(field: &'static str, password: &str, stored: Option<&str>) -> Result<String, Error> {
    let Some(stored) = stored.and_then(|stored| StoredHash::parse(stored).ok()) else {
        return hash(password);
    };
    if let Some(most) = stored.max_bytes().filter(|most| password.len() > *most) {
        let sentence = format!("must have at most {most} bytes, because this database stores it by bcrypt");
        return Err(Error::Invalid(FieldErrors::one(field, sentence)));
    }
    if stored.is_argon2() {
        return hash(password);
    }
    stored
        .another(password)
        .ok_or_else(|| Error::Internal("a password could not be hashed as others are".into()))
}

/// Whether a stored hash can sign somebody in: its scheme is known, and its cost within bounds.
#[must_use]
pub fn is_usable(stored: &str) -> bool {
    StoredHash::parse(stored).is_ok()
}

/// Whether the password has this hash, compared in constant time. False for a string that is not such a hash.
#[must_use]
pub fn is_password(password: &str, hash: &str) -> bool {
    StoredHash::parse(hash).is_ok_and(|hash| hash.is_of(password))
}

pub(super) struct PasswordVerifier {
    queue: Arc<FairQueue>,
    /// Verified against for unknown usernames, so that both results take the same time: the last stored hash that was
    /// verified, because other programs choose the cost of theirs.
    dummy_hash: Mutex<String>,
}

impl PasswordVerifier {
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self {
            queue: FairQueue::new(MAX_CONCURRENT, QUEUE_CAPACITY),
            dummy_hash: hash("nobody has this password")?.into(),
        })
    }

    /// Waits for a slot to verify a password. Slots are shared fairly between clients, and between the parts of each,
    /// so a flood delays only its own client.
    pub(super) async fn acquire(&self, client: impl Hash, part: impl Hash) -> Result<FairPermit, Error> {
        let permit = self.queue.acquire(hash_key(client), hash_key(part)).await;
        permit.map_err(|error| match error {
            QueueError::Full => Error::RateLimited { seconds: 1 },
            QueueError::Timeout => Error::RateLimited { seconds: 5 },
        })
    }

    /// Whether the password has this hash. Without a hash the result is always false. The caller holds a permit.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Error> {
        let dummy = || self.dummy_hash.lock().unwrap_or_else(PoisonError::into_inner);
        let found = hash.as_deref().and_then(|hash| match StoredHash::parse(hash) {
            Ok(stored) => {
                hash.clone_into(&mut dummy());
                Some(stored)
            }
            Err(reason) => {
                warn_unusable(reason);
                None
            }
        });
        let exists = found.is_some();
        let stored = found.or_else(|| StoredHash::parse(&dummy()).ok());
        let matches = spawn_blocking(move || stored.is_some_and(|stored| stored.is_of(&password))).await?;
        Ok(matches && exists)
    }

    /// Hashes a password by the scheme of a stored hash. The caller holds a permit.
    pub(super) async fn hash_like(&self, password: String, stored: Option<String>) -> Result<String, Error> {
        spawn_blocking(move || hash_like("new", &password, stored.as_deref())).await?
    }
}

/// A stored hash contains the secret, so nothing of it is logged.
fn warn_unusable(reason: Unusable) {
    if !bounds::UNUSABLE_HASHES.met() {
        return;
    }
    match reason {
        Unusable::Unknown => tracing::warn!(
            "a password hash is of a scheme that is not known here, so its user cannot sign in: argon2, bcrypt, scrypt and PBKDF2 are"
        ),
        Unusable::TooCostly => {
            tracing::warn!("a password hash takes too much memory or time, so its user cannot sign in");
        }
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
    async fn verifier_accepts_only_the_hashed_password() {
        let verifier = PasswordVerifier::new().unwrap();
        let hashed = hash("mara_password").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        // Hashed by argon2's high-level API, to show that ours produces the same format.
        let argon2 = Argon2::default().hash_password(b"teo_password").unwrap().to_string();
        assert!(verifier.verify("teo_password".into(), Some(argon2)).await.unwrap());
        assert!(verifier.verify("mara_password".into(), Some(hashed.clone())).await.unwrap());
        assert!(!verifier.verify("mara_passwore".into(), Some(hashed)).await.unwrap());
        assert!(!verifier.verify("nobody has this password".into(), None).await.unwrap());
    }
}
