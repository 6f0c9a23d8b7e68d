//! PostgreSQL: one trigger function for each table, in the schema `rowcast`.

mod detachment;
mod function;
mod gaps;
mod installed;
mod plan;
mod query;
mod rights;
mod trigger;

use super::{SCHEMA, Statement};
pub(super) use detachment::detach;
pub(super) use function::key_expression;
pub(super) use gaps::gaps;
pub(super) use installed::Installed;
pub(super) use plan::plan;
pub(super) use rights::missing_rights;

/// The comment by which a schema that Rowcast created is recognised. One that was created for Rowcast is left in place
/// when it is detached.
const SCHEMA_COMMENT: &str =
    "What Rowcast keeps beside the tables of this database. The command rowcast detach removes it.";

pub(super) fn prepare() -> Vec<Statement> {
    vec![
        Statement::general(format!("create schema {SCHEMA}")),
        Statement::general(format!("comment on schema {SCHEMA} is '{SCHEMA_COMMENT}'")),
    ]
}
