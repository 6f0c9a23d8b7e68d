//! Tables and columns.

use serde::{Deserialize, Serialize};

use super::{Check, ColumnType, ForeignKey, PrimaryKey, UniqueKey};

/// A name with its schema. On SQLite the schema is [`SQLITE_SCHEMA`](super::SQLITE_SCHEMA).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QualifiedName {
    /// The schema.
    pub schema: String,
    /// The name in it.
    pub name: String,
}

impl QualifiedName {
    pub(crate) fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its name.
    pub name: QualifiedName,
    /// Its kind.
    pub kind: TableKind,
    /// The partitioned table that it is a partition of.
    pub partition_of: Option<QualifiedName>,
    /// The form of storage; SQLite has several.
    pub storage: Storage,
    /// The comment on it, on PostgreSQL.
    pub comment: Option<String>,
    /// Its columns, in the table's order.
    pub columns: Vec<Column>,
    /// Its primary key.
    pub primary_key: Option<PrimaryKey>,
    /// Its unique constraints and unique indexes besides the primary key, ordered by columns and name.
    pub unique_keys: Vec<UniqueKey>,
    /// Its references to tables, ordered by columns and name.
    pub foreign_keys: Vec<ForeignKey>,
    /// Its check constraints: by name on PostgreSQL, in the order of their definition on SQLite.
    pub checks: Vec<Check>,
    /// The rights of the current role.
    pub privileges: Privileges,
    /// Whether the current role may read PostgreSQL's `xmin` and `ctid`, which are the state of a row. A right on the whole table
    /// includes them, and rights on some columns do not.
    pub reads_row_state: bool,
}

impl Table {
    /// A column by its exact name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The kind of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TableKind {
    /// An ordinary table, which may be a partition.
    Table,
    /// A table whose rows are in its partitions.
    PartitionedTable,
    /// A view.
    View,
    /// A view whose rows are stored until it is refreshed.
    MaterializedView,
    /// A table of another server.
    ForeignTable,
}

/// Properties of storage that only SQLite has; `false` on PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Storage {
    /// Whether values must have the type of their column (`strict`).
    pub strict: bool,
    /// Whether rows have no rowid (`without rowid`).
    pub without_rowid: bool,
}

/// Rights of the current role on a table. On PostgreSQL the right to use the schema is part of each of them, and rights
/// on single columns are in [`ColumnPrivileges`]. On SQLite all are granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Privileges {
    /// Whether it may read all columns.
    pub select: bool,
    /// Whether it may insert values of all columns.
    pub insert: bool,
    /// Whether it may update all columns.
    pub update: bool,
    /// Whether it may delete rows.
    pub delete: bool,
}

impl Privileges {
    /// All rights.
    pub(super) const ALL: Self = Self { select: true, insert: true, update: true, delete: true };
}

/// Rights of the current role on a column, by itself or as a part of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnPrivileges {
    /// Whether it may read the column.
    pub select: bool,
    /// Whether it may insert values of the column.
    pub insert: bool,
    /// Whether it may update the column.
    pub update: bool,
}

impl ColumnPrivileges {
    /// All rights.
    pub(super) const ALL: Self = Self { select: true, insert: true, update: true };
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub column_type: ColumnType,
    /// Its type in SQL: as PostgreSQL prints it, with schema; on SQLite as it was declared, empty if it was not.
    pub sql_type: String,
    /// Whether it may be null. A domain that is not null and SQLite's rowid are considered.
    pub nullable: bool,
    /// The expression of its default. Generated and identity columns have none.
    pub default: Option<String>,
    /// Its expression, if the database computes the column.
    pub generated: Option<Generated>,
    /// The source of its values, if the database numbers rows by it.
    pub identity: Option<Identity>,
    /// Its collation, if it is not the default of its type.
    pub collation: Option<String>,
    /// The comment on it, on PostgreSQL.
    pub comment: Option<String>,
    /// The rights of the current role.
    pub privileges: ColumnPrivileges,
}

/// The expression of a generated column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Generated {
    /// The expression in SQL.
    pub expression: String,
    /// Whether values are stored, or computed whenever they are read.
    pub stored: bool,
}

/// The source of a column that numbers rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Identity {
    /// `generated always as identity`: a value cannot be given.
    Always {
        /// The sequence.
        sequence: QualifiedName,
    },
    /// `generated by default as identity`.
    ByDefault {
        /// The sequence.
        sequence: QualifiedName,
    },
    /// `serial`, or any default that is the next value of a sequence.
    Serial {
        /// The sequence, which may be shared by several columns.
        sequence: QualifiedName,
    },
    /// SQLite's `integer primary key`, an alias of the rowid.
    RowId {
        /// Whether numbers of deleted rows are never reused.
        autoincrement: bool,
    },
}
