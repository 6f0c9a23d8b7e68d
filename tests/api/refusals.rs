//! What a database refuses, each reported as what it is: by field where one is to blame, by a key of its own where none is.

mod constraints;
mod identities;
mod locks;
mod plans;
mod put_off;
mod triggers;
mod unknown;
