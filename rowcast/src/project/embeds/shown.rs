//! The columns of a referenced row that an embedded row shows.

use super::foreign_key;
use crate::{
    catalog::{Catalog, Column, ForeignKey, Table},
    project::{
        Settings,
        mistake::{list, no_column},
    },
    tables,
};

/// A reason not to embed a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The shown column that is meant; none for the reference itself.
    pub(crate) column: Option<String>,
    /// What is wrong, and what to do.
    pub(crate) sentence: String,
}

impl Refused {
    fn new(sentence: impl Into<String>) -> Self {
        Self { column: None, sentence: sentence.into() }
    }
}

/// The foreign key that an embedded row follows, and the table that it refers to.
///
/// # Errors
/// All reasons, if the row cannot be embedded as it is asked for.
pub(crate) fn resolve<'t>(
    table: &'t Table,
    (name, columns): (&str, &[String]),
    catalog: &'t Catalog,
    settings: &Settings,
) -> Result<(&'t ForeignKey, &'t Table), Vec<Refused>> {
    let this = &table.name.name;
    if table.column(name).is_some() {
        return refuse(format!(
            "`{this}` has a column `{name}`, and the embedded row would have its name: write another of the referenced table"
        ));
    }
    if matches!(name, "version" | "$version") {
        return refuse(format!(
            "`{name}` is the version of a row: write another name of the referenced table"
        ));
    }
    let key = foreign_key(table, name, catalog, settings).map_err(|sentence| vec![Refused::new(sentence)])?;
    let (schema, other) = (&key.table.schema, &key.table.name);
    let Some(referenced) = catalog.table(schema, other) else {
        return refuse(format!(
            "`{name}` is a row of {schema}.{other}, which is not among the tables here: remove it"
        ));
    };
    let mut refused: Vec<Refused> = reference(table, name, key, referenced).into_iter().collect();
    // Without triggers on it, rows would show what it was.
    if let Some(left_out) = settings.left_out(schema, other) {
        let (reason, remedy) = (left_out.reason(), left_out.remedy());
        refused.push(Refused::new(format!(
            "`{name}` is a row of `{other}`, which {reason}: remove it, or {remedy}"
        )));
    }
    for column in columns {
        let sentence = shown(referenced, column, settings);
        refused.extend(sentence.map(|sentence| Refused { column: Some(column.clone()), sentence }));
    }
    if refused.is_empty() { Ok((key, referenced)) } else { Err(refused) }
}

fn refuse<T>(sentence: String) -> Result<T, Vec<Refused>> {
    Err(vec![Refused::new(sentence)])
}

/// A reason why the reference cannot be followed.
fn reference(table: &Table, name: &str, key: &ForeignKey, referenced: &Table) -> Option<Refused> {
    let (this, other) = (&table.name.name, &referenced.name.name);
    let Some(primary) = &referenced.primary_key else {
        return Some(Refused::new(format!(
            "`{name}` is a row of `{other}`, which has no primary key, so its changes are unknown: remove it"
        )));
    };
    let columns = primary.columns.iter().filter_map(|column| referenced.column(column));
    if let Some(column) = columns.clone().find(|column| !tables::identifies_rows(&column.column_type)) {
        return Some(Refused::new(format!(
            "`{name}` is a row of `{other}`, and its key has the column `{}` of type {}, by which rows are not identified: \
             remove it",
            column.name, column.sql_type
        )));
    }
    // SQLite accepts such references until they are written.
    let is_unique = |columns: &[String]| columns.iter().all(|column| key.referenced_columns.contains(column));
    let mut unique = referenced.unique_keys.iter().filter(|unique| unique.is_plain());
    let is_one_row = is_unique(&primary.columns) || unique.any(|unique| is_unique(&unique.columns));
    if key.referenced_columns.len() != key.columns.len() || !is_one_row {
        return Some(Refused::new(format!(
            "`{this}` refers by {} to columns of `{other}` that are not unique: add a unique constraint to them, or remove \
             `{name}`",
            list(&key.columns)
        )));
    }
    let own = key.columns.iter().map(|column| (this, table.column(column)));
    let mut needed =
        own.chain(key.referenced_columns.iter().map(|column| (other, referenced.column(column))));
    needed.find_map(|(table, column)| column.and_then(|column| unreadable(table, column))).map(Refused::new)
}

/// A reason why a column of a referenced table cannot be shown.
fn shown(referenced: &Table, name: &str, settings: &Settings) -> Option<String> {
    let other = &referenced.name.name;
    let Some(column) = referenced.column(name) else { return Some(no_column(referenced, name)) };
    let own = settings.collection(&referenced.name.schema, other);
    let is_in = |list: fn(&crate::project::CollectionSettings) -> &Vec<String>| {
        own.is_some_and(|own| list(own).contains(&column.name))
    };
    if is_in(|own| &own.hidden) {
        return Some(format!("`{name}` of `{other}` is hidden: remove it from one of them"));
    }
    if settings.password_column(&referenced.name.schema, other) == Some(name) {
        return Some(format!(
            "`{name}` of `{other}` is hidden, because it is the password in [accounts]: remove it here"
        ));
    }
    if !tables::has_form(&column.column_type) && !is_in(|own| &own.show) {
        return Some(format!(
            "`{name}` of `{other}` is hidden, because values of the type {} have no form of their own: name it in `show` of \
             `{other}` too",
            column.sql_type
        ));
    }
    unreadable(other, column)
}

fn unreadable(table: &str, column: &Column) -> Option<String> {
    let may = column.privileges.select;
    (!may).then(|| {
        format!(
            "this role may not read `{}` of `{table}`: grant it the right, or remove it here",
            column.name
        )
    })
}
