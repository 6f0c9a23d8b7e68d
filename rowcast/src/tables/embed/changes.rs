//! Rows that embed changed rows.

use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use super::Embedding;
use crate::{
    database::Transaction,
    error::Error,
    key::Key,
    tables::{
        definition::Definition,
        field::Field,
        sql::{key_value, quoted, stored_value},
        stored_row::values,
        uuid_form::in_all_forms,
        value_type::ValueType,
    },
};

impl Definition {
    /// The keys of rows that embed any of these rows of a table, each with the key of the embedded row.
    pub(in crate::tables) async fn rows_embedding(
        &self,
        db: &Transaction,
        embedded: &str,
        keys: &[Key],
    ) -> Result<Vec<(Key, Key)>, Error> {
        let mut found = Vec::new();
        for embedding in self.embeds.iter().filter(|embedding| embedding.log_name() == embedded) {
            // Entries of the log may have keys of an earlier schema, and the last key may be repeated.
            let mut keys: Vec<&Key> = keys.iter().filter(|key| embedding.other.has_kind(key)).collect();
            keys.dedup();
            if keys.is_empty() {
                continue;
            }
            let (sql, bound) = match self.is_postgres {
                true => self.embedding_by_arrays(embedding, &keys),
                false => self.embedding_by_values(embedding, &keys),
            };
            let statement = Statement::from_sql_and_values(self.backend(), sql, bound);
            for row in db.query_all_raw(statement).await? {
                let at: i64 = row.try_get("", "at")?;
                let shows = usize::try_from(at).ok().and_then(|at| keys.get(at));
                // On SQLite, rows may have no key.
                if let (Some(key), Some(shows)) = (self.embedding_key(&row)?, shows) {
                    found.push((key, (*shows).clone()));
                }
            }
        }
        Ok(found)
    }

    fn embedding_key(&self, row: &QueryResult) -> Result<Option<Key>, Error> {
        if self.is_postgres {
            return Ok(self.postgres_key(row)?);
        }
        let value = values(row)?;
        Ok(self.sqlite_key(|at| value(&format!("c{at}"))))
    }

    /// One array for each column of the key: the statement is the same for any number of keys. The other table is
    /// joined, because equal values may be written in several ways.
    fn embedding_by_arrays(&self, embedding: &Embedding, keys: &[&Key]) -> (String, Vec<Value>) {
        let other = &embedding.other;
        let own = self.key_fields().enumerate().map(|(at, field)| format!("{} as k{at}", key_value(field)));
        let (arrays, bound) = other.key_arrays(keys);
        let arrays: Vec<String> = arrays.iter().map(|array| format!("pg_catalog.unnest({array})")).collect();
        let names: Vec<String> = (0..arrays.len()).map(|at| format!("c{at}")).collect();
        let sql = format!(
            "select {}, k.at - 1 as at from rows from ({}) with ordinality as k({}, at) join {} o on {} join {} t on {}",
            own.collect::<Vec<_>>().join(", "),
            arrays.join(", "),
            names.join(", "),
            other.source,
            other.is_key("o"),
            self.source,
            embedding.is_joined()
        );
        (sql, bound)
    }

    /// Each key with its number. The other table is joined only for a reference to other columns than its key: its
    /// deleted rows are then not found, which matters only to programs that do not check references.
    fn embedding_by_values(&self, embedding: &Embedding, keys: &[&Key]) -> (String, Vec<Value>) {
        let other = &embedding.other;
        let mut bound = Vec::new();
        let mut rows = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            let first = bound.len() + 1;
            bound.extend(other.bound_key(key));
            let places: Vec<String> = (first..=bound.len()).map(|place| format!(", ?{place}")).collect();
            rows.push(format!("({at}{})", places.concat()));
        }
        let names: Vec<String> = (0..other.key.len()).map(|at| format!(", c{at}")).collect();
        let own = self.key.iter().map(|at| format!("{} as c{at}", stored_value("t.", &self.fields[*at])));
        let joined = match embedding.by_key() {
            Some(references) => {
                let equal = references.iter().zip(other.key_fields()).enumerate();
                let equal = equal.map(|(at, (reference, field))| {
                    let collate = reference.collation.as_ref();
                    let collate = collate.map_or(String::new(), |name| format!(" collate {}", quoted(name)));
                    format!("t.{}{collate} {}", quoted(&reference.own), is_value(field, at))
                });
                format!("join {} t on {}", self.source, equal.collect::<Vec<_>>().join(" and "))
            }
            None => format!(
                "join {} o on {} join {} t on {}",
                other.source,
                other.is_key("o"),
                self.source,
                embedding.is_joined()
            ),
        };
        let sql = format!(
            "with k(at{}) as (values {}) select {}, k.at as at from k {joined}",
            names.concat(),
            rows.join(", "),
            own.collect::<Vec<_>>().join(", ")
        );
        (sql, bound)
    }

    /// The condition that a row has the key in `k`.
    fn is_key(&self, table: &str) -> String {
        let equal = |(at, field): (usize, &Field)| match self.is_postgres {
            true => format!("{table}.{} = k.c{at}", quoted(field.name)),
            false => format!("{table}.{} {}", quoted(field.name), is_value(field, at)),
        };
        self.key_fields().enumerate().map(equal).collect::<Vec<_>>().join(" and ")
    }

    /// PostgreSQL: a query that differs whenever embedded rows do, of rows whose keys are numbers from `$1` to `$2`. The
    /// rows themselves have the references.
    pub(in crate::tables) fn stamp(&self, embedding: &Embedding) -> String {
        let key = self.key_fields().next().map_or("", |field| field.name);
        let key = format!("t.{}", quoted(key));
        format!(
            "select count(*) || ' ' || coalesce(sum(hashint8extended(o.xmin::text::bigint, {key}::bigint)), 0)
             from {} t join {} o on {} where {key} between $1 and $2",
            self.source,
            embedding.other.source,
            embedding.is_joined()
        )
    }
}

/// SQLite: the rest of a condition that a column has the value in `k`.
fn is_value(field: &Field, at: usize) -> String {
    let value = format!("k.c{at}");
    match field.value_type {
        ValueType::Uuid => format!("in ({})", in_all_forms(&value).join(", ")),
        _ => format!("= {value}"),
    }
}
