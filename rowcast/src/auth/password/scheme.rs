//! Password hashes that other programs store: which scheme they are of, what it costs, and the derivation.
//!
//! | scheme | form |
//! | --- | --- |
//! | argon2i, argon2d, argon2id | `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` |
//! | bcrypt | `$2b$12$…`, also `2a`, `2x` and `2y` |
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
const MAX_BCRYPT_COST: u32 = 14;
/// The most blocks of 128 bytes that scrypt mixes.
const MAX_SCRYPT_BLOCKS: u64 = 1 << 22;
const MAX_PBKDF2_ITERATIONS: u32 = 5_000_000;
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
        let read = read.filter(|read| LENGTHS.contains(&read.expected.len())).ok_or(Unusable::Unknown)?;
        if read.derivation.is_affordable() { Ok(read) } else { Err(Unusable::TooCostly) }
    }

    /// Whether the password has this hash, compared in constant time.
    pub(super) fn is_of(&self, password: &str) -> bool {
        let derived = self.derivation.derive(password, &self.salt, self.expected.len());
        derived.is_some_and(|derived| bool::from(derived.ct_eq(&self.expected)))
    }

    /// Hashes another password by the same scheme, with a new salt. None for argon2, whose parameters may be our own.
    pub(super) fn another(&self, password: &str) -> Option<String> {
        let length = self.expected.len();
        let salt_text = salt_text();
        let (derivation, salt) = match (&self.derivation, self.form) {
            (Derivation::Argon2(..), _) => return None,
            (Derivation::Bcrypt { cost, .. }, Form::Bcrypt(version)) => {
                let parts = bcrypt::non_truncating_hash_with_salt(password, *cost, random()).ok()?;
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
    fn is_affordable(&self) -> bool {
        match self {
            Self::Argon2(_, _, params) => {
                let blocks = u64::from(params.m_cost());
                blocks << 10 <= MAX_MEMORY
                    && blocks.saturating_mul(params.t_cost().into()) <= MAX_ARGON2_BLOCKS
                    && params.p_cost() <= MAX_LANES
            }
            Self::Bcrypt { cost, .. } => *cost <= MAX_BCRYPT_COST,
            Self::Scrypt { log_n, r, p } => {
                let blocks = 1_u64.checked_shl((*log_n).into()).and_then(|n| n.checked_mul((*r).into()));
                blocks.is_some_and(|blocks| {
                    blocks.saturating_mul(128) <= MAX_MEMORY
                        && blocks.saturating_mul((*p).into()) <= MAX_SCRYPT_BLOCKS
                })
            }
            Self::Pbkdf2 { iterations, .. } => *iterations <= MAX_PBKDF2_ITERATIONS,
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
        'x' => bcrypt::Version::TwoX,
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PASSWORD: &str = "mára_password";

    /// Made by bcrypt, argon2-cffi, Django and Werkzeug, and by Python's `hashlib`, with low costs.
    const STORED: [&str; 13] = [
        "$2b$04$QBykDzL8awxq9112bu0XhekpT49ZxJtox7CNuX3GhO7a52liOYBcy",
        "$2a$04$Dd8NrDoa2ojpK91DrMkGx.txtMyNXeOUJLvnv4sNfW9LMB7tvQbby",
        "pbkdf2_sha256$1000$saltsaltsalt$/E5QV244WhOkJpEW3COvhJyu3Fx+DVWhSDknCb7qbMs=",
        "scrypt$1024$saltsaltsalt$8$5$L/ufzaKY30a3F74UWwkUFNZMEIZ7HjYBHUmSXkWlCbITWR1ODJ7cebei06/sVow3EKqiTt1xHrfXM9uoSq+gGQ==",
        "scrypt:1024:8:1$iFt1haQCNuCpxGZi$b391a105198c5b204727e700c9a7205f5b80aefde51fc91f1f0284e7d91e9f84f7a98d27d98fb1acda3ab8deb13b5b0c1f4163f39d2ee5f1ffd1db2f72705e87",
        "pbkdf2:sha256:1000$Osrp1iI91euaOSNL$daca125a61b118033c700c0b02802f467a36e02b0d0406e3a3d7d839e58401b9",
        "pbkdf2:sha512:1000$gcvxtuIvJqo89usK$f2ca3c01a19368a8c174183cc15dc1138a6cbd3182258fa5415508b8e5dc9c0edfff3143326d7379799f53e2e2b0bafca957ae639077945e3bccfa4b2a6512b2",
        "$argon2i$v=19$m=64,t=1,p=1$6sFQEmeKsZm76Embc4XeUA$Hta7vekf0v55VM2l44zlaXquA/R7+kll8zTl/eu1cA0",
        "$argon2d$v=19$m=64,t=1,p=1$zI6Q7/zNLQNq6MD8SHVLQQ$H0n60uz+RjBlJkIFKnZLsb1iOFeUTc2OxCP9alRgNL8",
        "$argon2id$v=19$m=64,t=1,p=1$ApHSv619lJbdG7kBBfh8Og$6ZKpJs7ZSCGVNlqiDIqaVOAmmXAdqs9IXTpAo9S+4q8",
        "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$oKwlVqX8JIqtZMBb1KaaOofN88XaiVYW+l4EQcj7960",
        "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$mKzW7B2KnegkApKrVwn6A5ZsZ5rg8IUyiusN5pdzpdc",
        "$pbkdf2-sha512$i=1000,l=64$MDEyMzQ1Njc4OWFiY2RlZg$iCmJeTO/KkMMP0Lh5gUL7vwbo0NwfMQ8tcrfc6xLswdQxzRtmwfqHVr1bAsLOWIKIz3s3LRMY2Jly6/wTNArmA",
    ];

    #[test]
    fn hash_of_each_program_accepts_its_password_alone() {
        for stored in STORED {
            let hash = StoredHash::parse(stored).unwrap_or_else(|_| panic!("{stored}"));
            assert!(hash.is_of(PASSWORD), "{stored}");
            assert!(!hash.is_of("mara_password") && !hash.is_of(""), "{stored}");
        }
    }

    #[test]
    fn another_password_is_hashed_by_the_same_scheme_with_another_salt() {
        for stored in STORED {
            let hash = StoredHash::parse(stored).unwrap();
            let Some(another) = hash.another("new_password") else {
                assert!(stored.starts_with("$argon2"), "{stored}");
                continue;
            };
            let read = StoredHash::parse(&another).unwrap_or_else(|_| panic!("{another}"));
            assert!(read.is_of("new_password") && !read.is_of(PASSWORD), "{another}");
            assert_eq!((read.form, read.expected.len()), (hash.form, hash.expected.len()), "{another}");
            assert_eq!(another.split('$').count(), stored.split('$').count(), "{another}");
            assert_ne!(another, hash.another("new_password").unwrap());
        }
    }

    #[test]
    fn bcrypt_ignores_what_follows_72_bytes_and_stores_no_longer_password() {
        let stored = "$2b$04$7qbCWpRdi/8eOEaPPgzplubQ5QXwi2MX6VhfPvVgx/MlDQKRwBdIG";
        let hash = StoredHash::parse(stored).unwrap();
        assert!(hash.is_of(&"x".repeat(72)) && hash.is_of(&"x".repeat(80)) && !hash.is_of(&"x".repeat(71)));
        assert_eq!(hash.max_bytes(), Some(72));
        assert_eq!(hash.another(&"x".repeat(73)), None);
    }

    #[test]
    fn costly_hash_is_refused_before_it_is_derived() {
        for stored in [
            "$2b$31$QBykDzL8awxq9112bu0XhekpT49ZxJtox7CNuX3GhO7a52liOYBcy",
            "pbkdf2_sha256$4000000000$saltsaltsalt$/E5QV244WhOkJpEW3COvhJyu3Fx+DVWhSDknCb7qbMs=",
            "scrypt$1073741824$saltsaltsalt$8$5$L/ufzaKY30a3F74UWwkUFNZMEIZ7HjYBHUmSXkWlCbITWR1ODJ7cebei06/sVow3EKqiTt1xHrfXM9uoSq+gGQ==",
            "scrypt:2:4294967295:4294967295$salt$daca125a61b118033c700c0b02802f467a36e02b0d0406e3a3d7d839e58401b9",
            "$argon2id$v=19$m=4194304,t=1,p=1$ApHSv619lJbdG7kBBfh8Og$6ZKpJs7ZSCGVNlqiDIqaVOAmmXAdqs9IXTpAo9S+4q8",
            "$argon2id$v=19$m=65536,t=4000000,p=1$ApHSv619lJbdG7kBBfh8Og$6ZKpJs7ZSCGVNlqiDIqaVOAmmXAdqs9IXTpAo9S+4q8",
            "$scrypt$ln=40,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$oKwlVqX8JIqtZMBb1KaaOofN88XaiVYW+l4EQcj7960",
        ] {
            assert_eq!(StoredHash::parse(stored), Err(Unusable::TooCostly), "{stored}");
        }
    }

    #[test]
    fn text_that_is_no_hash_is_unknown() {
        for stored in [
            "",
            "plain",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "$1$salt$hash",
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
            "$2b$04$short",
            "$2b$04$ééééééééééééééééééééééééééééééééééé",
            "pbkdf2_sha256$1000$salt$AAAA",
            "scrypt$1000$salt$8$1$/E5QV244WhOkJpEW3COvhJyu3Fx+DVWhSDknCb7qbMs=",
            &"$".repeat(600),
        ] {
            assert_eq!(StoredHash::parse(stored), Err(Unusable::Unknown), "{stored}");
        }
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in ".{0,80}", at in 0..13_usize, cut in 0..100_usize, middle in "[$:=,0-9a-z]{0,9}") {
            let _ = StoredHash::parse(&text);
            let stored = STORED[at];
            let cut = cut.min(stored.len());
            let _ = StoredHash::parse(&format!("{}{middle}{}", &stored[..cut], &stored[cut..]));
        }
    }
}
