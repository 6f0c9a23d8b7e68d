//! Refusals by the database: reported by field where possible, otherwise by their own key.

mod altered_tables;
mod constraints;
mod deferred_constraints;
mod imported_ids;
mod locks;
mod triggers;
mod unknown_outcome;
