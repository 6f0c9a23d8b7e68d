//! Fields of rows and payloads: columns as clients see them.

use super::{sql::quoted, time_form::SharedTimeForm, uuid_form::SharedUuidForm, value_type::ValueType};
use crate::{
    catalog::{Column, ColumnType, checks::Rule},
    intern::intern,
    key::KeyColumn,
};

/// A column that clients see, or that is needed to identify rows.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The name of the column and of the field.
    pub(super) name: &'static str,
    pub(super) value_type: ValueType,
    /// The type in casts of PostgreSQL, without a length that would truncate.
    pub(super) cast: String,
    /// Whether text of the type needs a cast to be compared by code point.
    pub(super) is_plain_text: bool,
    pub(super) nullable: bool,
    pub(super) insert: Insert,
    pub(super) update: bool,
    /// Whether rows show it. Columns of the key are needed in any case.
    pub(super) shown: bool,
    /// Conditions of its values, with the comment of their constraint.
    pub(super) rules: Vec<(Rule, Option<String>)>,
    pub(super) comment: Option<String>,
    /// The name of its type in TypeScript, of JSON.
    pub(super) type_name: Option<String>,
    /// SQLite: how UUIDs are stored, as far as rows have shown.
    pub(super) uuid_form: SharedUuidForm,
    /// SQLite: how moments are stored.
    pub(super) time_form: SharedTimeForm,
}

/// The part of a column in the payload of a new row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Insert {
    /// It must be given.
    Required,
    /// It may be absent.
    Optional,
    /// The database computes it, or the settings forbid it.
    Never,
}

impl Field {
    pub(super) fn new(column: &Column, value_type: ValueType, is_shown: bool, read_only: bool) -> Self {
        let writable = column.generated.is_none() && !read_only && is_shown;
        let is_always = matches!(column.identity, Some(crate::catalog::Identity::Always { .. }));
        let has_default =
            column.default.is_some() || column.identity.is_some() || has_domain_default(&column.column_type);
        let insert = match () {
            () if !writable || is_always || !column.privileges.insert => Insert::Never,
            () if column.nullable || has_default => Insert::Optional,
            () => Insert::Required,
        };
        Self {
            name: intern(&column.name),
            cast: cast(column),
            is_plain_text: is_plain_text(column),
            nullable: column.nullable,
            insert,
            update: writable && !is_always && column.privileges.update,
            shown: is_shown,
            rules: Vec::new(),
            comment: column.comment.clone(),
            type_name: None,
            uuid_form: SharedUuidForm::default(),
            time_form: SharedTimeForm::default(),
            value_type,
        }
    }
}

impl Field {
    /// The field as a column of a key.
    pub(super) fn key_column(&self) -> KeyColumn {
        match &self.value_type {
            ValueType::Digits => KeyColumn::digits(self.name),
            of if of.is_integer() => KeyColumn::safe_number(self.name),
            _ => KeyColumn::text(self.name),
        }
    }
}

fn has_domain_default(column_type: &ColumnType) -> bool {
    match column_type {
        ColumnType::Domain(domain) => domain.default.is_some() || has_domain_default(&domain.base),
        _ => false,
    }
}

/// Whether the column is compared by code point as it is: not `char(n)`, `citext` or a column with a collation.
fn is_plain_text(column: &Column) -> bool {
    let is_text = matches!(column.column_type.base(), ColumnType::Text { .. });
    let name = column.sql_type.split('(').next().unwrap_or_default();
    is_text && matches!(name, "text" | "character varying") && column.collation.is_none()
}

/// The type to which text is cast. An assignment then casts to the column's own type, which refuses text that is too
/// long, and checks a domain.
fn cast(column: &Column) -> String {
    base_cast(&column.column_type).unwrap_or_else(|| column.sql_type.clone())
}

/// None for types that have no length to be kept, and several names.
fn base_cast(column_type: &ColumnType) -> Option<String> {
    use crate::catalog::IntegerWidth as Width;
    let name = match column_type {
        ColumnType::Integer(Width::Bits16) => "int2",
        ColumnType::Integer(Width::Bits32) => "int4",
        ColumnType::Integer(Width::Undeclared) | ColumnType::BigInt => "int8",
        ColumnType::Decimal { .. } | ColumnType::Money => "numeric",
        ColumnType::Real => "float4",
        ColumnType::Double => "float8",
        ColumnType::Text { .. } => "text",
        ColumnType::Boolean => "bool",
        ColumnType::Uuid => "uuid",
        ColumnType::TimestampTz => "timestamptz",
        ColumnType::Timestamp => "timestamp",
        ColumnType::Date => "date",
        ColumnType::Time => "time",
        ColumnType::TimeTz => "timetz",
        ColumnType::Interval => "interval",
        ColumnType::Bytes => "bytea",
        ColumnType::Enum(of) => {
            return Some(format!("{}.{}", quoted(&of.name.schema), quoted(&of.name.name)));
        }
        ColumnType::Domain(domain) => return base_cast(&domain.base),
        ColumnType::Array(element) => return base_cast(element).map(|element| format!("{element}[]")),
        ColumnType::Json | ColumnType::Range { .. } | ColumnType::Other(_) => return None,
    };
    Some(format!("pg_catalog.{name}"))
}
