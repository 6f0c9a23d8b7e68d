//! The objects of embedded rows in reads.

use sea_orm::Value;

use super::{Embedding, Reference};
use crate::tables::{
    definition::Definition,
    field::Field,
    sql::{column_of, json_field, quoted, stored_value},
    sqlite_value,
    stored_row::write_name,
};

impl Definition {
    /// SQLite: the joins with the tables of embedded rows.
    pub(in crate::tables) fn joins(&self) -> String {
        let join = |(at, embedding): (usize, &Embedding)| {
            format!(" left join {} e{at} on {}", embedding.other.source, embedding.is_referenced(at))
        };
        match self.is_postgres {
            true => String::new(),
            false => self.embeds.iter().enumerate().map(join).collect(),
        }
    }

    /// SQLite: the values of embedded rows, and whether there is one.
    pub(in crate::tables) fn joined_selection(&self) -> String {
        self.embeds.iter().enumerate().map(|(at, embedding)| embedding.joined_values(at)).collect()
    }

    /// Whether `returning` does not return rows with all that they embed: on SQLite it cannot join, and on PostgreSQL it
    /// does not see what its own statement has written.
    pub(in crate::tables) fn returns_less(&self) -> bool {
        self.embeds.iter().any(|embedding| !self.is_postgres || embedding.other.source == self.source)
    }
}

impl Embedding {
    /// PostgreSQL: the object as a field of the row.
    pub(in crate::tables) fn json_field(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(|field| json_field("o", field)).collect();
        format!(
            "(select pg_catalog.row_to_json(e.*) from (select {} from {} o where {}) e) as {}",
            fields.join(", "),
            self.other.source,
            self.is_joined(),
            quoted(self.field)
        )
    }

    /// A column in conditions: of the join on SQLite, and of [`exists`](Self::exists) on PostgreSQL.
    pub(in crate::tables) fn column(&self, at: usize, field: &Field, is_postgres: bool) -> String {
        let row = if is_postgres { "o".to_owned() } else { format!("e{at}") };
        column_of(&row, field)
    }

    /// PostgreSQL: the condition that there is an embedded row, of which another condition holds.
    pub(in crate::tables) fn exists(&self, condition: &str) -> String {
        format!("exists (select 1 from {} o where {} and {condition})", self.other.source, self.is_joined())
    }

    /// The condition that a row `t` refers to a row `o`.
    pub(super) fn is_joined(&self) -> String {
        let equal = |reference: &Reference| {
            let collate = match (&reference.collation, self.other.is_postgres) {
                (Some(collation), false) => format!(" collate {}", quoted(collation)),
                _ => String::new(),
            };
            format!("t.{} = o.{}{collate}", quoted(&reference.own), quoted(&reference.other))
        };
        self.reference.iter().map(equal).collect::<Vec<_>>().join(" and ")
    }

    /// SQLite: the condition that a row `t` refers to the row with this number. As in a reference, the value takes on the
    /// type of the other column, so at most one row is found.
    fn is_referenced(&self, at: usize) -> String {
        let equal = |reference: &Reference| {
            format!("e{at}.{} = +t.{}", quoted(&reference.other), quoted(&reference.own))
        };
        self.reference.iter().map(equal).collect::<Vec<_>>().join(" and ")
    }

    fn joined_values(&self, at: usize) -> String {
        let first = self.reference.first().map_or("", |reference| &*reference.other);
        let mut sql = format!(", e{at}.{} is not null as e{at}", quoted(first));
        for (place, field) in self.fields.iter().enumerate() {
            sql += &format!(", {} as e{at}c{place}", stored_value(&format!("e{at}."), field));
        }
        sql
    }

    /// SQLite: appends the object, or null if there is no row.
    pub(in crate::tables) fn write_json<'v>(
        &self,
        at: usize,
        value: &impl Fn(&str) -> &'v Value,
        json: &mut String,
    ) {
        if !matches!(value(&format!("e{at}")), Value::BigInt(Some(1))) {
            return json.push_str("null");
        }
        json.push('{');
        for (place, field) in self.fields.iter().enumerate() {
            write_name(field.name, json);
            sqlite_value::write_json(field, value(&format!("e{at}c{place}")), json);
        }
        json.push('}');
    }
}
