//! Texts of SQL for a table.

use super::{
    definition::{Definition, VersionSource},
    embed::Embedding,
    field::Field,
    uuid_form::{self, in_all_forms},
    value_type::{Temporal, ValueType},
};

/// PostgreSQL: the state of a row, by the transaction that wrote it and by its place. Several writes of one row may share a
/// transaction, and each of them puts the row in another place.
const ROW_STATE: &str = "pg_catalog.concat(t.xmin, t.ctid)";

/// A name in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The column in SQL.
pub(super) fn column(field: &Field) -> String {
    column_of("t", field)
}

/// The column of a table with another alias.
pub(super) fn column_of(table: &str, field: &Field) -> String {
    format!("{table}.{}", quoted(field.name))
}

impl Definition {
    /// The expressions that a read selects, in a form that [`stored_row`](super::stored_row) reads.
    pub(super) fn selection(&self) -> String {
        match self.is_postgres {
            true => self.postgres_selection(ROW_STATE),
            false => self.sqlite_selection("t.") + &self.joined_selection(),
        }
    }

    /// The same for `returning`, where SQLite knows no alias, and PostgreSQL no system column of a partitioned table.
    /// SQLite would take a column in quotes that is gone for a text, if the name of the table were not before it.
    pub(super) fn returning(&self) -> String {
        match self.is_postgres {
            true if self.is_partitioned => self.postgres_selection("null"),
            true => self.postgres_selection(ROW_STATE),
            false => self.sqlite_selection(&format!("{}.", self.source)),
        }
    }

    fn postgres_selection(&self, state: &str) -> String {
        let keys = self.key_fields().enumerate().map(|(at, field)| format!("{} as k{at}", key_value(field)));
        let mut fields: Vec<String> = self.shown().map(|field| json_field("t", field)).collect();
        fields.extend(self.embeds.iter().map(Embedding::json_field));
        if self.version != VersionSource::Column && !self.key.is_empty() {
            fields.push(format!("{state}::pg_catalog.text as {}", quoted(self.version_field)));
        }
        let version = match self.version {
            VersionSource::Column => "t.\"version\"",
            _ => state,
        };
        let version = (!self.key.is_empty()).then(|| format!("{version}::pg_catalog.text as v"));
        let row = format!(
            "(select pg_catalog.row_to_json(r.*)::pg_catalog.text from (select {}) r) as row",
            fields.join(", ")
        );
        keys.chain(version).chain([row]).collect::<Vec<_>>().join(", ")
    }

    /// The values themselves: their types are those of values, not of columns.
    fn sqlite_selection(&self, table: &str) -> String {
        let value = |(at, field): (usize, &Field)| format!("{} as c{at}", stored_value(table, field));
        self.fields.iter().enumerate().map(value).collect::<Vec<_>>().join(", ")
    }

    /// The expressions by which rows are in the order of their keys.
    pub(super) fn key_order(&self) -> Vec<String> {
        self.key_fields().map(|field| key_order(field, self.is_postgres)).collect()
    }

    /// The condition that the key has the values of these placeholders.
    pub(super) fn key_condition(&self, first: usize) -> String {
        let equal = |(at, field): (usize, &Field)| {
            let placeholder = self.placeholder(field, first + at);
            match (&field.value_type, self.is_postgres) {
                (ValueType::Uuid, false) => {
                    format!("{} in ({})", column(field), in_all_forms(&placeholder).join(", "))
                }
                _ => format!("{} = {placeholder}", comparable(field, column(field))),
            }
        };
        self.key_fields().enumerate().map(equal).collect::<Vec<_>>().join(" and ")
    }

    /// A bound value, converted to the type of the column.
    pub(super) fn placeholder(&self, field: &Field, at: usize) -> String {
        match self.is_postgres {
            true => match field.value_type {
                ValueType::Bytes => format!("pg_catalog.decode(${at}, 'base64')"),
                _ => format!("${at}::pg_catalog.text::{}", field.cast),
            },
            false => format!("?{at}"),
        }
    }
}

/// A value of SQLite; `table` is its alias with a dot, or empty.
pub(super) fn stored_value(table: &str, field: &Field) -> String {
    let column = format!("{table}{}", quoted(field.name));
    match field.value_type {
        // Binary JSON.
        ValueType::Json { .. } => {
            format!(
                "case when typeof({column}) = 'blob' and json_valid({column}, 8) then json({column}) else {column} end"
            )
        }
        _ => column,
    }
}

/// The value of a column of the key, as [`Key`](crate::key::Key) has it.
pub(super) fn key_value(field: &Field) -> String {
    let column = column(field);
    match &field.value_type {
        value if value.is_integer() => format!("{column}::pg_catalog.int8"),
        // Independent of the session's settings.
        ValueType::Temporal(_) => format!("(pg_catalog.to_json({column}) #>> '{{}}')"),
        _ => format!("{column}::pg_catalog.text"),
    }
}

/// A column in comparisons with values of its type. PostgreSQL compares no domain of an enumeration with a label.
pub(super) fn comparable(field: &Field, column: String) -> String {
    match field.value_type {
        ValueType::Enum(_) => format!("{column}::{}", field.cast),
        _ => column,
    }
}

/// The expression to sort by: numbers and times by value, enumerations in their own order, text by code point.
pub(super) fn order(field: &Field, is_postgres: bool) -> String {
    order_of(field, column(field), is_postgres)
}

/// The same for a column of any row, itself in SQL.
pub(super) fn order_of(field: &Field, column: String, is_postgres: bool) -> String {
    match (&field.value_type, is_postgres) {
        (ValueType::Text { .. } | ValueType::Literal, true) => match field.is_plain_text {
            true => format!("{column} collate pg_catalog.\"C\""),
            false => format!("({column}::pg_catalog.text collate pg_catalog.\"C\")"),
        },
        (ValueType::Text { .. }, false) => format!("{column} collate binary"),
        _ => column,
    }
}

/// The order of keys, in which enumerations and times are texts, and so are UUIDs of several forms, without an index.
pub(super) fn key_order(field: &Field, is_postgres: bool) -> String {
    match (&field.value_type, is_postgres) {
        (ValueType::Enum(_) | ValueType::Temporal(_), true) => {
            format!("({} collate pg_catalog.\"C\")", key_value(field))
        }
        (ValueType::Uuid, false) if field.uuid_form.is_mixed() => uuid_form::shown(&column(field)),
        _ => order(field, is_postgres),
    }
}

/// A field of a row of PostgreSQL that is converted to JSON.
pub(super) fn json_field(table: &str, field: &Field) -> String {
    format!("{} as {}", json_value(table, field), quoted(field.name))
}

/// The column as PostgreSQL's conversion to JSON makes it a value of the wire.
fn json_value(table: &str, field: &Field) -> String {
    let column = column_of(table, field);
    match &field.value_type {
        ValueType::Integer { .. } if field.cast.ends_with("int8") => format!(
            "case when {column} between -9007199254740991 and 9007199254740991 then pg_catalog.to_json({column}) \
             else pg_catalog.to_json({column}::pg_catalog.text) end"
        ),
        ValueType::Integer { .. } | ValueType::Float | ValueType::Boolean | ValueType::Uuid => column,
        ValueType::Enum(_) => column,
        ValueType::Text { .. } if field.is_plain_text => column,
        ValueType::Money => format!("{column}::pg_catalog.numeric::pg_catalog.text"),
        ValueType::Temporal(Temporal::Interval) => format!("{column}::pg_catalog.text"),
        ValueType::Temporal(_) => column,
        ValueType::Json { nullable: false } => column,
        // An object that looks like the one for JSON's null is put into another one.
        ValueType::Json { nullable: true } => format!(
            "case when {column}::pg_catalog.text ~ '^\\s*null\\s*$' \
             then pg_catalog.json_build_object('$json', {column}) \
             when {column}::pg_catalog.text ~ '^\\s*\\{{\\s*\"\\$json\"\\s*:' then case when \
             (select pg_catalog.count(distinct k) from pg_catalog.json_object_keys({column}::pg_catalog.json) k) = 1 \
             then pg_catalog.json_build_object('$json', {column}) else {column}::pg_catalog.json end \
             else {column}::pg_catalog.json end"
        ),
        ValueType::Bytes => {
            format!("pg_catalog.translate(pg_catalog.encode({column}, 'base64'), E'\\n', '')")
        }
        ValueType::Array(element) => match &**element {
            ValueType::Digits | ValueType::Decimal { .. } | ValueType::Literal => {
                format!("{column}::pg_catalog.text[]")
            }
            // Without the padding of `char(n)`.
            ValueType::Text { .. } => format!("{column}::pg_catalog.text[]"),
            ValueType::Temporal(Temporal::Interval) => format!("{column}::pg_catalog.text[]"),
            _ => column,
        },
        ValueType::Text { .. } | ValueType::Digits | ValueType::Decimal { .. } | ValueType::Literal => {
            format!("{column}::pg_catalog.text")
        }
    }
}
