//! The catalog of SQLite.
//!
//! Pragmas as table-valued functions list tables, columns, indexes and foreign keys, in one query each. The text of a
//! table's definition adds what no pragma has: checks, collations, names of constraints, expressions.

mod checks;
mod columns;
mod declared_type;
mod definition;
mod foreign_keys;
mod unique_keys;

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{
    Privileges, QualifiedName, SQLITE_SCHEMA, Storage, Table, TableKind, rows::rows, without_engine_tables,
};
use crate::error::Error;
use columns::TableColumns;
use definition::Definition;
use foreign_keys::ForeignKeys;
use unique_keys::UniqueKeys;

/// Tables and views, without SQLite's own. Virtual tables have their own kind, and so have their shadow tables.
const RELATIONS: &str = r#"
select json_object('name', t.name, 'kind', t.type, 'strict', t.strict, 'without_rowid', t.wr, 'sql', s.sql) as json
from pragma_table_list t
join sqlite_schema s on s.name = t.name and s.type in ('table', 'view')
where t.schema = 'main' and t.type in ('table', 'view') and substr(t.name, 1, 7) <> 'sqlite_'
order by t.name"#;

/// A table or view.
#[derive(Deserialize)]
struct Relation {
    name: String,
    kind: String,
    strict: i64,
    without_rowid: i64,
    sql: String,
}

/// A table with its columns and its definition.
struct Described {
    name: QualifiedName,
    relation: Relation,
    columns: TableColumns,
    definition: Definition,
}

/// Reads all tables, in no order.
pub(super) async fn read<C: ConnectionTrait>(db: &C) -> Result<Vec<Table>, Error> {
    let tables = describe(db).await?;
    let foreign_keys = ForeignKeys::read(db, &tables).await?;
    let unique_keys = UniqueKeys::read(db).await?;
    Ok(tables.into_iter().map(|table| assemble(table, &foreign_keys, &unique_keys)).collect())
}

async fn describe<C: ConnectionTrait>(db: &C) -> Result<Vec<Described>, Error> {
    let relations: Vec<Relation> = rows(db, RELATIONS, []).await?;
    let named = relations.into_iter().map(|relation| {
        let name = QualifiedName::new(SQLITE_SCHEMA, &*relation.name);
        (name, relation)
    });
    let relations = without_engine_tables(named.collect(), |(name, _)| name);
    let mut columns = columns::read(db).await?;
    let mut described = Vec::new();
    for (name, relation) in relations {
        let columns = match relation.kind.as_str() {
            "view" => columns::read_view(db, &relation.name).await?,
            _ => columns.remove(&relation.name),
        };
        // A view of a table that no longer exists has none.
        let Some(rows) = columns else { continue };
        let definition = Definition::of(&relation.sql);
        let columns = TableColumns::new(rows, &relation, &definition);
        described.push(Described { name, relation, columns, definition });
    }
    Ok(described)
}

fn assemble(table: Described, foreign_keys: &ForeignKeys, unique_keys: &UniqueKeys) -> Table {
    let Described { name, relation, columns, definition } = table;
    let is_view = relation.kind == "view";
    Table {
        kind: if is_view { TableKind::View } else { TableKind::Table },
        partition_of: None,
        storage: Storage { strict: relation.strict != 0, without_rowid: relation.without_rowid != 0 },
        comment: None,
        primary_key: columns.primary_key(&definition),
        unique_keys: unique_keys.of_table(&name.name, &definition),
        foreign_keys: foreign_keys.of_table(&name.name, &definition),
        checks: checks::of_table(&definition, &columns.columns),
        columns: columns.columns,
        privileges: Privileges::ALL,
        reads_row_state: true,
        name,
    }
}
