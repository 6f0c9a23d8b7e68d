//! Comparison of the collections with the tables of the database, at start: a forgotten migration is reported with what
//! to do, and not by the first event that fails.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, sea_query::ColumnType};

use crate::{
    database::{Database, Transaction},
    error::Error,
    registry::{ErasedCollection, Registry, StoredColumn},
};

/// What is wrong with the tables, in a sentence for each; `None` if nothing is.
///
/// # Errors
/// Any database error.
pub(crate) async fn check(db: &Database, registry: &Registry) -> Result<Option<String>, Error> {
    let collections = registry.collections().to_vec();
    let wrong = db.read(async move |db: &Transaction| {
        let mut wrong = Vec::new();
        for collection in &collections {
            let found = columns(db, collection.name()).await?;
            wrong.extend(differences(&**collection, &found, db.get_database_backend()));
        }
        Ok(wrong)
    });
    let wrong = wrong.await?;
    Ok((!wrong.is_empty()).then(|| wrong.join("; ")))
}

const SQLITE: &str = "select name, lower(type) as type from pragma_table_xinfo($1)";
/// `to_regclass` finds what the statements of the collection find, a view included.
const POSTGRES: &str = "
select a.attname::text as name, t.typname::text as type
from pg_attribute a join pg_type t on t.oid = coalesce(
    (select nullif(d.typbasetype, 0) from pg_type d where d.oid = a.atttypid), a.atttypid)
where a.attrelid = to_regclass(quote_ident($1)) and a.attnum > 0 and not a.attisdropped";

/// The columns of a table with their types; none if there is no table.
async fn columns(db: &Transaction, table: &'static str) -> Result<Vec<(String, String)>, DbErr> {
    let backend = db.get_database_backend();
    let sql = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, [table.into()])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "name")?, row.try_get("", "type")?))).collect()
}

fn differences(
    collection: &dyn ErasedCollection,
    found: &[(String, String)],
    backend: DbBackend,
) -> Vec<String> {
    let table = collection.name();
    if found.is_empty() {
        return vec![format!(
            "the collection {table} has no table: add NewTable::new(\"m…_{table}\", \"{table}\", …) to the list of \
             migrations, and the list to the product by .migrations(…)"
        )];
    }
    let difference = |expected: StoredColumn| {
        let name = expected.name;
        let Some((_, of)) = found.iter().find(|(found, _)| found == name) else {
            return Some(format!(
                "the table {table} has no column {name}, which its collection has a field for: add the column in a \
                 new migration, because one that was applied is not applied again (a database without data that \
                 matters can be deleted instead)"
            ));
        };
        let (placeholder, names) = types(&expected.of, backend)?;
        let fits = match backend {
            DbBackend::Postgres => names.contains(&of.as_str()),
            _ => names.iter().any(|name| of.contains(name)) || !KNOWN.iter().any(|name| of.contains(name)),
        };
        (!fits).then(|| {
            format!(
                "the column {name} of the table {table} is of type {of}, and its field needs {placeholder}"
            )
        })
    };
    collection.stored_columns().into_iter().filter_map(difference).collect()
}

/// Parts of type names from which SQLite derives a type other than numeric.
const KNOWN: [&str; 8] = ["int", "char", "clob", "text", "blob", "real", "floa", "doub"];

/// The placeholder of migrations for a type, and the names of the database for types whose values can be read as such;
/// `None` for types that are not compared.
fn types(of: &ColumnType, backend: DbBackend) -> Option<(&'static str, &'static [&'static str])> {
    use ColumnType as T;
    let (placeholder, sqlite, postgres): (_, &[_], &[_]) = match of {
        T::BigInteger => ("{i64}", &["int"], &["int8"]),
        T::Double => ("{f64}", &["real", "floa", "doub"], &["float8"]),
        T::Boolean => ("{bool}", &["int", "bool"], &["bool"]),
        T::Text | T::String(_) => {
            ("{text}", &["text", "char", "clob"], &["text", "varchar", "bpchar", "name", "citext"])
        }
        _ => return None,
    };
    Some((placeholder, if backend == DbBackend::Postgres { postgres } else { sqlite }))
}
