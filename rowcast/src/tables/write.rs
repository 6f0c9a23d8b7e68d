//! Insert, update and delete.

use std::sync::Arc;

use rowcast_schema::FieldErrors;
use sea_orm::{ConnectionTrait, Statement, Value};
use serde_json::value::RawValue;

use super::{
    definition::{Definition, Referencing, VersionSource},
    payload::{Payload, Values},
    sql::quoted,
    stored_row::StoredRow,
};
use crate::{
    bounds,
    context::Context,
    database::{Transaction, Verb, WriteTarget, classify},
    error::Error,
    key::{Key, KeyColumn},
    store::Written,
    version::Version,
};

/// The most references that a sentence counts.
const MAX_COUNTED: usize = 1000;

impl Definition {
    /// Returns the errors of a payload together with those of constraints. `before` is the row, if it is locked.
    pub(super) async fn reject_invalid(
        &self,
        context: &Context<'_>,
        before: Option<&StoredRow>,
        payload: &Payload,
        errors: &FieldErrors,
    ) -> Result<(), Error> {
        let (mut errors, own) = (errors.clone(), payload.key.as_ref());
        self.constraint_errors(context.db, own, before, &payload.values, &mut errors).await?;
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }

    /// Inserts a row.
    pub(super) async fn insert(
        &self,
        context: &Context<'_>,
        payload: &Payload,
    ) -> Result<(Box<RawValue>, Written), Error> {
        let db = context.db;
        self.reject_invalid(context, None, payload, &FieldErrors::new()).await?;
        let (mut columns, mut places, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (at, value) in &payload.values {
            let field = &self.fields[*at];
            values.push(self.bound(field, value.as_deref()));
            columns.push(quoted(field.name));
            places.push(self.placeholder(field, values.len()));
        }
        if self.version == VersionSource::Column && !self.has_version_default {
            columns.push("\"version\"".to_owned());
            places.push("1".to_owned());
        }
        let what = match columns.is_empty() {
            true => "default values".to_owned(),
            false => format!("({}) values ({})", columns.join(", "), places.join(", ")),
        };
        db.set_write_target(Some(self.target(Verb::Insert, &payload.values)));
        let sql = format!("insert into {} as t {what} returning {}", self.source, self.returning());
        let (row, written) = self.written(db, self.query(db, &sql, values).await?).await?;
        let account = self.account(context, &written.key).await?;
        self.record_account(context, None, account).await?;
        Ok((row, written))
    }

    /// Updates a row.
    pub(super) async fn update(
        &self,
        context: &Context<'_>,
        key: &Key,
        payload: &Payload,
    ) -> Result<(Box<RawValue>, Written), Error> {
        let db = context.db;
        let before = self.lock(db, key).await?;
        let current = before.version.as_ref().map(Version::to_string);
        if payload.version.is_some() && payload.version != current {
            return Err(Error::Conflict(before.json));
        }
        let account = self.account(context, key).await?;
        let errors = self.username_errors(context, &account, &payload.values).await?;
        self.reject_invalid(context, Some(&before), payload, &errors).await?;
        let (mut changes, mut values) = (Vec::new(), Vec::new());
        for (at, value) in &payload.values {
            let field = &self.fields[*at];
            values.push(self.bound(field, value.as_deref()));
            changes.push(format!("{} = {}", quoted(field.name), self.placeholder(field, values.len())));
        }
        if self.version == VersionSource::Column {
            changes.push("\"version\" = t.\"version\" + 1".to_owned());
        } else if changes.is_empty() {
            // Nothing to write, as in an update of a collection with all columns left out.
            let version = before.version;
            let written = Written { collection: self.name, key: key.clone(), version };
            return Ok((before.json, written));
        }
        let condition = self.key_condition(values.len() + 1);
        values.extend(self.bound_key(key));
        db.set_write_target(Some(self.target(Verb::Update, &payload.values)));
        let sql = format!(
            "update {} as t set {} where {condition} returning {}",
            self.source,
            changes.join(", "),
            self.returning()
        );
        let (row, written) = self.written(db, self.query(db, &sql, values).await?).await?;
        if account.is_some() {
            let after = self.account(context, &written.key).await?;
            self.record_account(context, account, after).await?;
        }
        Ok((row, written))
    }

    /// Deletes a row without references to it.
    pub(super) async fn delete(&self, context: &Context<'_>, key: &Key) -> Result<Written, Error> {
        let db = context.db;
        // As the row has it: the payload may spell it in another way.
        let own = self.lock(db, key).await?.key;
        let key = own.as_ref().unwrap_or(key);
        let account = self.account(context, key).await?;
        self.authorize_delete(context, &account).await?;
        self.refuse_if_used(db, key).await?;
        let key_values = self.key_fields().map(|field| field.name).zip(self.stored_key(key));
        db.set_write_target(Some(self.target(Verb::Delete(key_values.collect()), &Values::new())));
        let sql = format!("delete from {} as t where {}", self.source, self.key_condition(1));
        let statement = Statement::from_sql_and_values(self.backend(), sql, self.bound_key(key));
        match db.execute_raw(statement).await?.rows_affected() {
            0 => Err(skipped()),
            _ => {
                self.record_account(context, account, None).await?;
                Ok(Written { collection: self.name, key: key.clone(), version: None })
            }
        }
    }

    /// Locks the row until the transaction ends. SQLite needs no lock: it has one writer.
    async fn lock(&self, db: &Transaction, key: &Key) -> Result<StoredRow, Error> {
        let found = match self.find(db, key, true).await {
            Err(Error::Database(error)) => Err(classify::classify_lock_error(error)),
            found => found,
        };
        found?.ok_or_else(|| self.not_found(key))
    }

    pub(super) fn not_found(&self, key: &Key) -> Error {
        Error::NotFound { collection: self.singular, key: key.clone() }
    }

    /// The row that was written, with what triggers have changed.
    async fn written(
        &self,
        db: &Transaction,
        rows: Vec<StoredRow>,
    ) -> Result<(Box<RawValue>, Written), Error> {
        let row = rows.into_iter().next().ok_or_else(skipped)?;
        let Some(key) = row.key.clone() else {
            return Err(Error::Refused("the row would have no key, by which clients know it".into()));
        };
        let row = match self.has_triggers || self.is_partitioned || self.returns_less() {
            true => self.find(db, &key, false).await?.ok_or_else(skipped)?,
            false => row,
        };
        bounds::row(self.singular, &row.json)?;
        Ok((row.json, Written { collection: self.name, key, version: row.version }))
    }

    /// Fails if rows of other tables refer to the row.
    async fn refuse_if_used(&self, db: &Transaction, key: &Key) -> Result<(), Error> {
        if self.referenced_by.is_empty() {
            return Ok(());
        }
        let own = self.key_condition(1);
        let count = |referencing: &Referencing| {
            let equal = |(column, to): &(String, usize)| {
                format!("o.{} = t.{}", quoted(column), quoted(self.fields[*to].name))
            };
            let conditions: Vec<String> = referencing.columns.iter().map(equal).collect();
            let itself = match referencing.source == self.source {
                // A row may refer to itself.
                true => {
                    let same = |column: &KeyColumn| format!("o.{0} = t.{0}", quoted(column.name));
                    let same: Vec<String> = self.key_columns.iter().map(same).collect();
                    format!(" and not ({})", same.join(" and "))
                }
                false => String::new(),
            };
            format!(
                "(select count(*) from (select 1 from {} o where {}{itself} limit {}) u)",
                referencing.source,
                conditions.join(" and "),
                MAX_COUNTED + 1
            )
        };
        let counts: Vec<String> = self.referenced_by.iter().map(count).collect();
        let text = if self.is_postgres { "pg_catalog.concat_ws" } else { "concat_ws" };
        let sql =
            format!("select {text}(',', {}) as uses from {} t where {own}", counts.join(", "), self.source);
        let statement = Statement::from_sql_and_values(self.backend(), sql, self.bound_key(key));
        let row = db.query_one_raw(statement).await?;
        let counts: String = row.map_or(Ok(String::new()), |row| row.try_get("", "uses"))?;
        let counts = counts.split(',').map(|count| count.parse::<usize>().unwrap_or_default());
        let uses: Vec<String> = self
            .referenced_by
            .iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
            .map(|(referencing, count)| {
                let name = referencing.name.replace('_', " ");
                match count {
                    1 => format!("1 row of {name}"),
                    count if count > MAX_COUNTED => format!("more than {MAX_COUNTED} rows of {name}"),
                    count => format!("{count} rows of {name}"),
                }
            })
            .collect();
        match uses.is_empty() {
            true => Ok(()),
            false => {
                Err(Error::InUse(format!("this {} is still used by {}", self.noun(), uses.join(" and "))))
            }
        }
    }

    /// Describes the write, to map violated constraints to fields of the payload.
    fn target(&self, verb: Verb, values: &Values) -> WriteTarget {
        let (table, names): (_, Vec<&'static str>) =
            (self.table, self.fields.iter().filter(|field| field.shown).map(|field| field.name).collect());
        let bound = |(at, value): (&usize, &Option<String>)| {
            let field = &self.fields[*at];
            (field.name, self.bound(field, value.as_deref()))
        };
        let values: Vec<(&'static str, Value)> = match self.is_postgres {
            // PostgreSQL reports the column itself.
            true => Vec::new(),
            false => values.iter().map(bound).collect(),
        };
        let field =
            move |of: &str, column: &str| (of == table && names.contains(&column)).then(|| column.to_owned());
        WriteTarget { name: self.singular, table, tables: vec![table], field: Arc::new(field), verb, values }
    }
}

/// The error for a write that a trigger or rule skipped without raising.
fn skipped() -> Error {
    Error::Refused("the database has left this out, by a trigger or a rule of its own".into())
}
