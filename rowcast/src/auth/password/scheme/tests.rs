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
    let longest = hash.another(&"y".repeat(72)).unwrap();
    assert!(longest.starts_with("$2b$04$"), "{longest}");
    assert!(StoredHash::parse(&longest).unwrap().is_of(&"y".repeat(72)));
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
        "scrypt$2$salt$524288$4$/E5QV244WhOkJpEW3COvhJyu3Fx+DVWhSDknCb7qbMs=",
        "pbkdf2:sha512:1000001$Osrp1iI91euaOSNL$daca125a61b118033c700c0b02802f467a36e02b0d0406e3a3d7d839e58401b9",
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
        "$2b$00$QBykDzL8awxq9112bu0XhekpT49ZxJtox7CNuX3GhO7a52liOYBcy",
        "$2x$04$QBykDzL8awxq9112bu0XhekpT49ZxJtox7CNuX3GhO7a52liOYBcy",
        "scrypt$1024$salt$0$0$/E5QV244WhOkJpEW3COvhJyu3Fx+DVWhSDknCb7qbMs=",
        "pbkdf2_sha256$0$saltsaltsalt$/E5QV244WhOkJpEW3COvhJyu3Fx+DVWhSDknCb7qbMs=",
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
