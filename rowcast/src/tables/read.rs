//! Reads of rows by key, and in the order of their keys.

use std::borrow::Borrow;

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use super::{
    decode::array_literal,
    definition::Definition,
    field::Field,
    sql::{self, column},
    stored_row::StoredRow,
    uuid_form::in_all_forms,
    value_type::ValueType,
};
use crate::{
    database::Transaction,
    error::Error,
    key::{Key, KeyPart},
    registry::Encoded,
};

impl Definition {
    pub(super) fn backend(&self) -> DbBackend {
        if self.is_postgres { DbBackend::Postgres } else { DbBackend::Sqlite }
    }

    /// Runs a query of [`selection`](Self::selection).
    pub(super) async fn query(
        &self,
        db: &Transaction,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<StoredRow>, Error> {
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        let rows = db.query_all_raw(statement).await?;
        rows.iter().map(|row| self.stored_row(row)).collect()
    }

    /// The row with this key.
    pub(super) async fn find(
        &self,
        db: &Transaction,
        key: &Key,
        lock: bool,
    ) -> Result<Option<StoredRow>, Error> {
        let lock = if lock && self.is_postgres { " for no key update of t" } else { "" };
        let sql = format!(
            "select {} from {} where {}{lock}",
            self.selection(),
            self.joined_source(),
            self.key_condition(1)
        );
        Ok(self.query(db, &sql, self.bound_key(key)).await?.into_iter().next())
    }

    /// The rows with these keys, in the order of the keys.
    pub(super) async fn by_keys(&self, db: &Transaction, keys: &[Key]) -> Result<Vec<Encoded>, Error> {
        let order = self.key_order().join(", ");
        let (condition, values) = self.among(keys);
        let sql = format!(
            "select {} from {} where {condition} order by {order}",
            self.selection(),
            self.joined_source()
        );
        Ok(encoded(self.query(db, &sql, values).await?))
    }

    /// The next rows after a key, or the first rows, in the order of the keys.
    pub(super) async fn page(
        &self,
        db: &Transaction,
        after: Option<&Key>,
        limit: u64,
    ) -> Result<Vec<Encoded>, Error> {
        let order = self.key_order();
        let (mut after, mut all) = (after.cloned(), Vec::new());
        loop {
            let mut conditions = self.identified();
            let mut values = Vec::new();
            if let Some(key) = &after {
                conditions.push(format!("({}) > ({})", order.join(", "), self.key_placeholders()));
                values = self.ordered_key(key);
            }
            let condition = match conditions.is_empty() {
                true => String::new(),
                false => format!("where {}", conditions.join(" and ")),
            };
            let wanted = limit - all.len() as u64;
            let sql = format!(
                "select {} from {} {condition} order by {} limit {wanted}",
                self.selection(),
                self.joined_source(),
                order.join(", ")
            );
            let rows = self.query(db, &sql, values).await?;
            let (read, found) = (rows.len() as u64, encoded(rows));
            let is_done = read < wanted || read == found.len() as u64 || found.is_empty();
            after = found.last().map(|(key, _)| key.clone()).or(after);
            all.extend(found);
            if is_done {
                return Ok(all);
            }
        }
    }

    /// The table as `t`, joined with the tables of which [`selection`](Self::selection) reads columns.
    pub(super) fn joined_source(&self) -> String {
        format!("{} t{}", self.source, self.joins())
    }

    /// Placeholders of a key in the order of keys.
    fn key_placeholders(&self) -> String {
        let placeholder = |(at, field): (usize, &Field)| match self.is_postgres {
            true if field.value_type.is_integer() => format!("${}::pg_catalog.text::pg_catalog.int8", at + 1),
            true if sql::key_order(field, true) == column(field) => self.placeholder(field, at + 1),
            true => format!("${}::pg_catalog.text", at + 1),
            false => format!("?{}", at + 1),
        };
        self.key_fields().enumerate().map(placeholder).collect::<Vec<_>>().join(", ")
    }

    /// SQLite: the conditions that a row has a key. Its tables may hold null and values of any type in a key.
    fn identified(&self) -> Vec<String> {
        let condition = |field: &Field| {
            let types = match &field.value_type {
                of if of.is_integer() => "'integer'",
                ValueType::Uuid => "'text', 'blob'",
                _ => "'text'",
            };
            format!("typeof({}) in ({types})", column(field))
        };
        if self.is_postgres { Vec::new() } else { self.key_fields().map(condition).collect() }
    }

    /// The condition that the key is one of a list.
    fn among(&self, keys: &[Key]) -> (String, Vec<Value>) {
        match self.is_postgres {
            true => self.among_arrays(keys),
            false => self.among_json(keys),
        }
    }

    /// One list for each column of the key: the statement is the same for any number of keys.
    fn among_arrays(&self, keys: &[Key]) -> (String, Vec<Value>) {
        let (arrays, values) = self.key_arrays(keys);
        let condition = match &arrays[..] {
            [array] => format!("{} = any({array})", self.columns()),
            arrays => {
                // `unnest` takes several arrays only without its schema.
                let unnest = |array: &String| format!("pg_catalog.unnest({array})");
                let arrays: Vec<String> = arrays.iter().map(unnest).collect();
                format!("({}) in (select * from rows from ({}) as k)", self.columns(), arrays.join(", "))
            }
        };
        (condition, values)
    }

    /// The keys as arrays of PostgreSQL, one for each column.
    pub(super) fn key_arrays<K: Borrow<Key>>(&self, keys: &[K]) -> (Vec<String>, Vec<Value>) {
        let texts: Vec<Vec<String>> = keys.iter().map(|key| self.key_texts(key.borrow())).collect();
        let list = |at: usize| Value::from(array_literal(texts.iter().map(|texts| &*texts[at])));
        let array = |(at, field): (usize, &Field)| format!("${}::pg_catalog.text::{}[]", at + 1, field.cast);
        let arrays = self.key_fields().enumerate().map(array).collect();
        (arrays, (0..self.key.len()).map(list).collect())
    }

    /// SQLite reads lists of JSON. Bytes have no form in it, so each is bound.
    fn among_json(&self, keys: &[Key]) -> (String, Vec<Value>) {
        let mut values = Vec::new();
        let row = |values: &mut Vec<Value>, key: &Key| {
            let first = values.len() + 1;
            values.extend(self.bound_key(key));
            let mut rows = vec![String::new()];
            for (at, field) in self.key_fields().enumerate() {
                let place = format!("?{}", first + at);
                let forms = match field.value_type {
                    ValueType::Uuid => in_all_forms(&place).to_vec(),
                    _ => vec![place],
                };
                let comma = if at == 0 { "" } else { ", " };
                let longer = |row: &String| -> Vec<String> {
                    forms.iter().map(|form| format!("{row}{comma}{form}")).collect()
                };
                rows = rows.iter().flat_map(longer).collect();
            }
            rows.iter().map(|row| format!("({row})")).collect::<Vec<_>>().join(", ")
        };
        let rows: Vec<String> = keys.iter().map(|key| row(&mut values, key)).collect();
        (format!("({}) in (values {})", self.columns(), rows.join(", ")), values)
    }

    fn columns(&self) -> String {
        let column = |field| sql::comparable(field, column(field));
        self.key_fields().map(column).collect::<Vec<_>>().join(", ")
    }

    /// The columns of the key by name, of a key that may be of another kind.
    pub(super) fn has_kind(&self, key: &Key) -> bool {
        let fits = |field: &Field, part: &KeyPart| {
            field.value_type.is_integer() == matches!(part, KeyPart::Number(_))
        };
        match key {
            Key::Number(number) => self.key_fields().map(|field| fits(field, &(*number).into())).eq([true]),
            Key::Text(text) => self.key_fields().map(|field| fits(field, &(&***text).into())).eq([true]),
            Key::Columns(parts) => {
                parts.len() == self.key.len()
                    && self.key_fields().zip(parts.iter()).all(|(field, part)| fits(field, part))
            }
        }
    }
}

fn encoded(rows: Vec<StoredRow>) -> Vec<Encoded> {
    rows.into_iter().filter_map(|row| Some((row.key?, row.json))).collect()
}
