//! The forms in which the columns of a SQLite database have UUIDs and moments, by the first value of each, and
//! those of keys by all.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::{
    collection::TableCollection,
    definition::{Definition, ForeignReference},
    field::Field,
    sql::column,
    time_form::{self, TimeForm},
    uuid_form::{SharedUuidForm, UuidForm},
    value_type::ValueType,
};
use crate::{database::Transaction, error::Error};

/// The rows in which a column is looked at: most columns have a value in one of them.
const ROWS: usize = 1000;

/// Finds the forms of all columns. A column of UUIDs without values has the form of the column that it refers to.
pub(super) async fn find_stored_forms(db: &Transaction, all: &mut [TableCollection]) -> Result<(), Error> {
    let mut without_values = Vec::new();
    for (index, TableCollection(definition)) in all.iter().enumerate() {
        for (at, field) in definition.fields.iter().enumerate() {
            match field.value_type {
                ValueType::Uuid => match first(db, definition, field).await? {
                    Some(first) => {
                        if definition.key.contains(&at) {
                            find_all(db, definition, field).await?;
                        }
                        field.uuid_form.set(form(&first));
                    }
                    None => without_values.push((index, at)),
                },
                ValueType::Temporal(_) if definition.key.contains(&at) => field.time_form.set(TimeForm::Key),
                ValueType::Temporal(_) => match first(db, definition, field).await? {
                    Some((_, text)) if !time_form::is_sqlite(&text) => field.time_form.set(TimeForm::AsGiven),
                    _ => {}
                },
                _ => {}
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

fn form((kind, text): &(String, String)) -> UuidForm {
    match &**kind {
        "blob" => UuidForm::Bytes,
        _ if *text != text.to_lowercase() => UuidForm::UpperCase,
        _ => UuidForm::LowerCase,
    }
}

/// Finds all forms of a key, on which the order of rows depends.
async fn find_all(db: &Transaction, definition: &Definition, field: &Field) -> Result<(), Error> {
    let column = column(field);
    let conditions = [
        (UuidForm::LowerCase, format!("typeof({column}) = 'text' and {column} glob '*[a-f]*'")),
        (UuidForm::UpperCase, format!("typeof({column}) = 'text' and {column} glob '*[A-F]*'")),
        (UuidForm::Bytes, format!("typeof({column}) = 'blob'")),
    ];
    for (form, condition) in conditions {
        let sql = format!("select 1 as found from {} t where {condition} limit 1", definition.source);
        if db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?.is_some() {
            field.uuid_form.set(form);
        }
    }
    Ok(())
}

/// The type and the text of the first value of a column.
async fn first(
    db: &Transaction,
    definition: &Definition,
    field: &Field,
) -> Result<Option<(String, String)>, Error> {
    let column = column(field);
    let sql = format!(
        "select typeof(value) as type, cast(case typeof(value) when 'blob' then '' else value end as text) as text
         from (select {column} as value from {} t limit {ROWS}) where value is not null limit 1",
        definition.source
    );
    let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    Ok(row.map(|row| Ok::<_, DbErr>((row.try_get("", "type")?, row.try_get("", "text")?))).transpose()?)
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
