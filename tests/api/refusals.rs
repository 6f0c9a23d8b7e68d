//! What a database refuses, each reported as what it is: by field where one is to blame, by a key of its own where none is.

mod altered_tables;
mod constraints;
mod deferred_constraints;
mod imported_ids;
mod locks;
mod triggers;
mod unknown_outcome;
