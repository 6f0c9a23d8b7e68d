//! Password hashes that other programs store: which scheme they are of, what it costs, and the derivation.
//!
//! | scheme | form |
//! | --- | --- |
//! | argon2i, argon2d, argon2id | `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` |
//! | bcrypt | `$2b$12$…`, also `2a` and `2y` |
//! | scrypt | `$scrypt$ln=15,r=8,p=1$salt$hash`; of Django and of Werkzeug |
//! | PBKDF2 with SHA-256 or SHA-512 | `$pbkdf2-sha256$i=600000,l=32$salt$hash`; of Django and of Werkzeug |
//!
//! Every cost is bounded before anything is derived, because whoever writes the table chooses it.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::phc::{Output, PasswordHash, Salt},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rand::Rng;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::argon2_memory;

/// The most memory that a derivation takes, in bytes.
const MAX_MEMORY: u64 = 128 << 20;
/// The most passes over argon2's memory, in blocks of 1 KiB each.
const MAX_ARGON2_BLOCKS: u64 = 1 << 20;
const MAX_LANES: u32 = 16;
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=14;
/// The most blocks of 128 bytes that scrypt mixes.
const MAX_SCRYPT_BLOCKS: u64 = 1 << 22;
/// Of SHA-256. SHA-512 costs twice as much.
const MAX_PBKDF2_ITERATIONS: u32 = 2_000_000;
/// Lengths of derived hashes in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=64;
/// The longest stored text.
const MAX_STORED: usize = 512;
/// bcrypt ignores what follows.
pub(super) const BCRYPT_BYTES: usize = 72;

/// Why a stored hash signs nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Its scheme or form is none of those above.
    Unknown,
    /// Its derivation takes too much memory or time.
    TooCostly,
}

/// A stored hash.
#[derive(Debug, PartialEq)]
pub(super) struct StoredHash {
    form: Form,
    derivation: Derivation,
    /// Empty for bcrypt, which has it in its text.
    salt: Vec<u8>,
    expected: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Phc,
    /// With the letter of the version.
    Bcrypt(char),
    Django,
    Werkzeug,
}

#[derive(Clone, Debug, PartialEq)]
enum Derivation {
    Argon2(Algorithm, Version, Params),
    Bcrypt { cost: u32, salt: [u8; 16] },
    Scrypt { log_n: u8, r: u32, p: u32 },
    Pbkdf2 { digest: Digest, iterations: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digest {
    Sha256,
    Sha512,
}

impl Digest {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha512].into_iter().find(|digest| digest.name() == name)
    }
}

impl StoredHash {
    /// Reads a stored text.
    pub(super) fn parse(stored: &str) -> Result<Self, Unusable> {
        let text = Some(stored).filter(|stored| stored.len() <= MAX_STORED);
        let read = text.and_then(|text| match text.as_bytes() {
            [b'$', b'2', ..] => bcrypt_hash(text),
            [b'$', ..] => phc(text),
            _ if text.contains(':') => werkzeug(text),
            _ => django(text),
        });
        let is_whole = |read: &Self| LENGTHS.contains(&read.expected.len()) && read.derivation.is_possible();
        let read = read.filter(is_whole).ok_or(Unusable::Unknown)?;
        if read.derivation.is_affordable() { Ok(read) } else { Err(Unusable::TooCostly) }
    }

    /// Whether the password has this hash, compared in constant time.
    pub(super) fn is_of(&self, password: &str) -> bool {
        let derived = self.derivation.derive(password, &self.salt, self.expected.len());
        derived.is_some_and(|derived| bool::from(derived.ct_eq(&self.expected)))
    }

    /// Whether it is of our own scheme, or of another argon2: new hashes are argon2id.
    pub(super) fn is_argon2(&self) -> bool {
        matches!(self.derivation, Derivation::Argon2(..))
    }

    /// Hashes another password by the same scheme, with a new salt. None for argon2, and for a password that is longer than
    /// [`max_bytes`](Self::max_bytes).
    pub(super) fn another(&self, password: &str) -> Option<String> {
        if self.max_bytes().is_some_and(|most| password.len() > most) {
            return None;
        }
        let length = self.expected.len();
        let salt_text = salt_text();
        let (derivation, salt) = match (&self.derivation, self.form) {
            (Derivation::Argon2(..), _) => return None,
            (Derivation::Bcrypt { cost, .. }, Form::Bcrypt(version)) => {
                let parts = bcrypt::hash_with_salt(password, *cost, random()).ok()?;
                return Some(parts.format_for_version(bcrypt_version(version)?));
            }
            (derivation, Form::Phc) => (derivation, random::<16>().to_vec()),
            (derivation, _) => (derivation, salt_text.clone().into_bytes()),
        };
        let derived = derivation.derive(password, &salt, length)?;
        Some(match (derivation, self.form) {
            (_, Form::Phc) => derivation.phc(&salt, &derived)?,
            (Derivation::Scrypt { log_n, r, p }, Form::Django) => {
                format!("scrypt${}${salt_text}${r}${p}${}", 1_u64 << log_n, STANDARD.encode(derived))
            }
            (Derivation::Scrypt { log_n, r, p }, _) => {
                format!("scrypt:{}:{r}:{p}${salt_text}${}", 1_u64 << log_n, hex::encode(derived))
            }
            (Derivation::Pbkdf2 { digest, iterations }, Form::Django) => {
                format!("pbkdf2_{}${iterations}${salt_text}${}", digest.name(), STANDARD.encode(derived))
            }
            (Derivation::Pbkdf2 { digest, iterations }, _) => {
                format!("pbkdf2:{}:{iterations}${salt_text}${}", digest.name(), hex::encode(derived))
            }
            (Derivation::Argon2(..) | Derivation::Bcrypt { .. }, _) => return None,
        })
    }

    /// The most bytes that a password may have, so that all of them count.
    pub(super) fn max_bytes(&self) -> Option<usize> {
        matches!(self.form, Form::Bcrypt(_)).then_some(BCRYPT_BYTES)
    }
}

impl Derivation {
    /// Whether the costs are such as their schemes have.
    fn is_possible(&self) -> bool {
        match self {
            Self::Argon2(..) => true,
            Self::Bcrypt { cost, .. } => cost >= BCRYPT_COSTS.start(),
            Self::Scrypt { log_n, r, p } => *log_n > 0 && *r > 0 && *p > 0,
            Self::Pbkdf2 { iterations, .. } => *iterations > 0,
        }
    }

    fn is_affordable(&self) -> bool {
        match self {
            Self::Argon2(_, _, params) => {
                let blocks = u64::from(params.m_cost());
                blocks << 10 <= MAX_MEMORY
                    && blocks.saturating_mul(params.t_cost().into()) <= MAX_ARGON2_BLOCKS
                    && params.p_cost() <= MAX_LANES
            }
            Self::Bcrypt { cost, .. } => cost <= BCRYPT_COSTS.end(),
            Self::Scrypt { log_n, r, p } => {
                let (n, r, p) = (1_u64.checked_shl((*log_n).into()), u64::from(*r), u64::from(*p));
                n.is_some_and(|n| {
                    n.saturating_add(p).saturating_mul(r).saturating_mul(128) <= MAX_MEMORY
                        && n.saturating_mul(r).saturating_mul(p) <= MAX_SCRYPT_BLOCKS
                })
            }
            Self::Pbkdf2 { digest: Digest::Sha256, iterations } => *iterations <= MAX_PBKDF2_ITERATIONS,
            Self::Pbkdf2 { digest: Digest::Sha512, iterations } => *iterations <= MAX_PBKDF2_ITERATIONS / 2,
        }
    }

    fn derive(&self, password: &str, salt: &[u8], length: usize) -> Option<Vec<u8>> {
        let (password, mut derived) = (password.as_bytes(), vec![0; length]);
        match self {
            Self::Argon2(algorithm, version, params) => {
                let mut memory = argon2_memory(params);
                let argon2 = Argon2::new(*algorithm, *version, params.clone());
                argon2.hash_password_into_with_memory(password, salt, &mut derived, &mut memory).ok()?;
            }
            // Other programs ignore what follows as well.
            Self::Bcrypt { cost, salt } => {
                let parts = bcrypt::hash_with_salt(password, *cost, *salt).ok()?;
                derived = bcrypt_digest(&parts.format_for_version(bcrypt::Version::TwoB))?;
            }
            Self::Scrypt { log_n, r, p } => {
                let params = scrypt::Params::new(*log_n, *r, *p).ok()?;
                scrypt::scrypt(password, salt, &params, &mut derived).ok()?;
            }
            Self::Pbkdf2 { digest: Digest::Sha256, iterations } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, *iterations, &mut derived);
            }
            Self::Pbkdf2 { digest: Digest::Sha512, iterations } => {
                pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, *iterations, &mut derived);
            }
        }
        Some(derived)
    }

    fn phc(&self, salt: &[u8], derived: &[u8]) -> Option<String> {
        let (name, params) = match self {
            Self::Scrypt { log_n, r, p } => ("scrypt".to_owned(), format!("ln={log_n},r={r},p={p}")),
            Self::Pbkdf2 { digest, iterations } => {
                (format!("pbkdf2-{}", digest.name()), format!("i={iterations},l={}", derived.len()))
            }
            Self::Argon2(..) | Self::Bcrypt { .. } => return None,
        };
        let (salt, hash) = (Salt::new(salt).ok()?, Output::new(derived).ok()?);
        Some(format!("${name}${params}${salt}${hash}"))
    }
}

fn phc(text: &str) -> Option<StoredHash> {
    let hash = PasswordHash::new(text).ok()?;
    let number = |name: &'static str| hash.params.get_decimal(name);
    let derivation = match hash.algorithm.as_str() {
        "scrypt" => {
            Derivation::Scrypt { log_n: number("ln")?.try_into().ok()?, r: number("r")?, p: number("p")? }
        }
        name => match name.strip_prefix("pbkdf2-") {
            Some(digest) => Derivation::Pbkdf2 { digest: Digest::of(digest)?, iterations: number("i")? },
            None => {
                let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).ok()?;
                Derivation::Argon2(Algorithm::new(name).ok()?, version, Params::try_from(&hash).ok()?)
            }
        },
    };
    let (salt, expected) = (hash.salt?.as_ref().to_vec(), hash.hash?.as_bytes().to_vec());
    Some(StoredHash { form: Form::Phc, derivation, salt, expected })
}

fn bcrypt_hash(text: &str) -> Option<StoredHash> {
    let version = text.chars().nth(2)?;
    let parts: bcrypt::HashParts = text.parse().ok()?;
    let derivation = Derivation::Bcrypt { cost: parts.get_cost(), salt: parts.get_salt_raw() };
    Some(StoredHash {
        form: Form::Bcrypt(version),
        derivation,
        salt: Vec::new(),
        expected: bcrypt_digest(&parts.format_for_version(bcrypt_version(version)?))?,
    })
}

fn bcrypt_version(letter: char) -> Option<bcrypt::Version> {
    Some(match letter {
        'a' => bcrypt::Version::TwoA,
        'b' => bcrypt::Version::TwoB,
        'y' => bcrypt::Version::TwoY,
        _ => return None,
    })
}

/// The last 31 characters, in bcrypt's own Base64.
fn bcrypt_digest(text: &str) -> Option<Vec<u8>> {
    Some(text.get(text.len().checked_sub(31)?..)?.as_bytes().to_vec())
}

/// `pbkdf2_sha256$870000$salt$base64`, `scrypt$16384$salt$8$1$base64`.
fn django(text: &str) -> Option<StoredHash> {
    let parts: Vec<&str> = text.split('$').collect();
    let (derivation, salt, hash) = match parts[..] {
        ["scrypt", n, salt, r, p, hash] => (scrypt_of(n, r, p)?, salt, hash),
        [name, iterations, salt, hash] => {
            let digest = Digest::of(name.strip_prefix("pbkdf2_")?)?;
            (Derivation::Pbkdf2 { digest, iterations: iterations.parse().ok()? }, salt, hash)
        }
        _ => return None,
    };
    let (salt, expected) = (salt.as_bytes().to_vec(), STANDARD.decode(hash).ok()?);
    Some(StoredHash { form: Form::Django, derivation, salt, expected })
}

/// `scrypt:32768:8:1$salt$hex`, `pbkdf2:sha256:1000000$salt$hex`.
fn werkzeug(text: &str) -> Option<StoredHash> {
    let [method, salt, hash] = text.split('$').collect::<Vec<_>>()[..] else { return None };
    let derivation = match method.split(':').collect::<Vec<_>>()[..] {
        ["scrypt", n, r, p] => scrypt_of(n, r, p)?,
        ["pbkdf2", digest, iterations] => {
            Derivation::Pbkdf2 { digest: Digest::of(digest)?, iterations: iterations.parse().ok()? }
        }
        _ => return None,
    };
    let (salt, expected) = (salt.as_bytes().to_vec(), hex::decode(hash).ok()?);
    Some(StoredHash { form: Form::Werkzeug, derivation, salt, expected })
}

fn scrypt_of(n: &str, r: &str, p: &str) -> Option<Derivation> {
    let n: u64 = n.parse().ok().filter(|n: &u64| n.is_power_of_two() && *n > 1)?;
    let log_n = n.trailing_zeros().try_into().ok()?;
    Some(Derivation::Scrypt { log_n, r: r.parse().ok()?, p: p.parse().ok()? })
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// 128 random bits as text.
fn salt_text() -> String {
    hex::encode(random::<16>())
}

#[cfg(test)]
mod tests;
