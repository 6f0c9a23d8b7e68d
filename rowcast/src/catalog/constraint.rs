//! Keys and checks of a table.

use serde::Serialize;

use super::{QualifiedName, checks::ColumnRule};

/// A primary key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrimaryKey {
    /// The constraint's name. On SQLite it may have none.
    pub name: Option<String>,
    /// Its columns, in the key's order.
    pub columns: Vec<String>,
    /// The comment on the constraint.
    pub comment: Option<String>,
}

/// A unique constraint or a unique index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UniqueKey {
    /// The name of the constraint or index. On SQLite a constraint may have none.
    pub name: Option<String>,
    /// Its columns, in the key's order.
    pub columns: Vec<String>,
    /// Its expressions, in SQL. The key is unique by columns and expressions together.
    pub expressions: Vec<String>,
    /// The condition of a partial index, in SQL: only rows that satisfy it are unique.
    pub predicate: Option<String>,
    /// Whether any number of rows may have null in the key.
    pub nulls_distinct: bool,
    /// Whether it may be checked at the end of a transaction.
    pub deferrable: bool,
    /// The comment on the constraint or index.
    pub comment: Option<String>,
}

impl UniqueKey {
    /// Whether no two rows have equal values in [`columns`](Self::columns): neither partial nor over expressions.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.expressions.is_empty() && self.predicate.is_none()
    }
}

/// A reference to rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForeignKey {
    /// The constraint's name. On SQLite it may have none.
    pub name: Option<String>,
    /// The referencing columns.
    pub columns: Vec<String>,
    /// The referenced table. On SQLite it may be missing.
    pub table: QualifiedName,
    /// The referenced columns, in the order of [`columns`](Self::columns). Empty if SQLite cannot resolve them.
    pub referenced_columns: Vec<String>,
    /// The action when the referenced row is deleted.
    pub on_delete: ReferentialAction,
    /// The action when the referenced columns are updated.
    pub on_update: ReferentialAction,
    /// Whether it may be checked at the end of a transaction.
    pub deferrable: bool,
    /// The comment on the constraint.
    pub comment: Option<String>,
}

/// The action on referencing rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ReferentialAction {
    /// The statement is refused, unless other actions of it resolve the violation.
    NoAction,
    /// The statement is refused.
    Restrict,
    /// Referencing rows are deleted or updated as well.
    Cascade,
    /// The referencing columns become null.
    SetNull,
    /// The referencing columns are set to their defaults.
    SetDefault,
}

/// A check constraint of a table or a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The constraint's name. On SQLite it may have none.
    pub name: Option<String>,
    /// The condition, in SQL.
    pub sql: String,
    /// The columns that occur in it, in the table's order. Empty for a domain.
    pub columns: Vec<String>,
    /// Conditions of single columns that the check implies.
    pub rules: Vec<ColumnRule>,
    /// Whether the rules are equivalent to the check, or leave parts of it to the database.
    pub complete: bool,
    /// The comment on the constraint.
    pub comment: Option<String>,
}
