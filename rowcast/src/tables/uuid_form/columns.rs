//! The forms in which the columns of a database have UUIDs.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{SharedUuidForm, UuidForm};
use crate::{
    database::Transaction,
    error::Error,
    tables::{
        collection::TableCollection,
        definition::{Definition, ForeignReference},
        field::Field,
        sql::column,
        value_type::ValueType,
    },
};

/// SQLite: finds in which form the columns have UUIDs, by the first value of each. A column without values has the form of
/// the column that it refers to.
pub(in crate::tables) async fn find_uuid_forms(
    db: &Transaction,
    all: &mut [TableCollection],
) -> Result<(), Error> {
    let mut without_values = Vec::new();
    for (index, TableCollection(definition)) in all.iter().enumerate() {
        for (at, field) in definition.fields.iter().enumerate() {
            if field.value_type != ValueType::Uuid {
                continue;
            }
            match uuid_form(db, definition, field).await? {
                Some(form) => field.uuid_form.set(form),
                None => without_values.push((index, at)),
            }
        }
    }
    for (index, at) in without_values {
        if let Some(form) = referenced_form(all, &all[index].0, at) {
            Arc::make_mut(&mut all[index].0).fields[at].uuid_form = form;
        }
    }
    Ok(())
}

async fn uuid_form(
    db: &Transaction,
    definition: &Definition,
    field: &Field,
) -> Result<Option<UuidForm>, Error> {
    let column = column(field);
    let sql = format!(
        "select case when typeof({column}) = 'blob' then 'bytes' when {column} <> lower({column}) then 'upper' else 'lower' end
         as name from {} t where {column} is not null limit 1",
        definition.source
    );
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let Some(name) = row.map(|row| row.try_get::<String>("", "name")).transpose()? else { return Ok(None) };
    Ok(Some(match &*name {
        "bytes" => UuidForm::Bytes,
        "upper" => UuidForm::UpperCase,
        _ => UuidForm::LowerCase,
    }))
}

/// The form of the column to which a field refers, shared with it.
fn referenced_form(all: &[TableCollection], definition: &Definition, at: usize) -> Option<SharedUuidForm> {
    let of = |reference: &ForeignReference| {
        let column =
            reference.fields.iter().position(|field| *field == at).map(|at| &reference.columns[at])?;
        let other = all.iter().find(|TableCollection(other)| other.source == reference.source)?;
        let (_, field) = other.0.field(column)?;
        Some(field.uuid_form.clone())
    };
    definition.references.iter().find_map(of)
}
