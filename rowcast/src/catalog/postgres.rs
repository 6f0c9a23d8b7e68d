//! The catalog of PostgreSQL.
//!
//! Five queries of `pg_catalog`, for all tables each. Neither their names nor the printed expressions depend on
//! `search_path`.

mod columns;
mod constraints;
mod relations;
mod settings;
mod types;

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, Value};
use serde::de::DeserializeOwned;

use super::{Options, Table, checks::Subject, rows};
use crate::error::Error;
use columns::TableColumn;
use constraints::Constraints;
use relations::Relation;
use settings::Settings;
use types::Types;

/// Reads all tables, in no order.
pub(super) async fn read<C: ConnectionTrait>(db: &C, options: &Options) -> Result<Vec<Table>, Error> {
    let settings = Settings::apply(db).await?;
    // After an error the transaction is rolled back, and the settings with it.
    let tables = read_tables(db, options).await?;
    settings.restore(db).await?;
    Ok(tables)
}

async fn read_tables<C: ConnectionTrait>(db: &C, options: &Options) -> Result<Vec<Table>, Error> {
    let relations = relations::read(db, &options.schemas).await?;
    let oids: Vec<String> = relations.iter().map(|relation| relation.oid.to_string()).collect();
    let of_these: Value = format!("{{{}}}", oids.join(",")).into();
    let types = Types::read(db).await?;
    let mut columns = columns::read(db, of_these.clone(), &types).await?;
    let mut constraints = Constraints::read(db, of_these).await?;
    let table = |relation: Relation| {
        let columns = columns.remove(&relation.oid).unwrap_or_default();
        assemble(relation, columns, &mut constraints)
    };
    Ok(relations.into_iter().map(table).collect())
}

fn assemble(relation: Relation, columns: Vec<TableColumn>, constraints: &mut Constraints) -> Table {
    let subjects: Vec<Subject<'_>> = columns.iter().map(TableColumn::subject).collect();
    let checks = constraints.checks(relation.oid, &subjects);
    Table {
        kind: relation.table_kind(),
        primary_key: constraints.primary_key(relation.oid),
        unique_keys: constraints.unique_keys(relation.oid),
        foreign_keys: constraints.foreign_keys(relation.oid),
        checks,
        storage: Default::default(),
        privileges: relation.privileges(),
        reads_row_state: relation.row_state,
        columns: columns.into_iter().map(|column| column.column).collect(),
        name: relation.name,
        partition_of: relation.partition_of,
        comment: relation.comment,
    }
}

/// The rows of a query, each converted to JSON by the server.
async fn query<C: ConnectionTrait, T: DeserializeOwned>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, Error> {
    let sql = format!("select pg_catalog.row_to_json(r)::text as json from ({sql}) r");
    rows::rows(db, &sql, values).await
}

/// Lists by the number of their table.
type ByTable<T> = HashMap<i64, Vec<T>>;

fn by_table<T>(rows: impl IntoIterator<Item = (i64, T)>) -> ByTable<T> {
    let mut by_table = ByTable::new();
    for (table, row) in rows {
        by_table.entry(table).or_insert_with(Vec::new).push(row);
    }
    by_table
}
