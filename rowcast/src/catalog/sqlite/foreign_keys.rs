//! References by `pragma_foreign_key_list`.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{
    super::{ForeignKey, QualifiedName, ReferentialAction, SQLITE_SCHEMA, rows::rows},
    Described,
    definition::Definition,
};
use crate::error::Error;

// SQLite numbers the references of a table from the last one.
const FOREIGN_KEYS: &str = r#"
select json_object('table', t.name, 'id', f.id, 'parent', f."table", 'column', f."from", 'referenced', f."to",
    'on_delete', f.on_delete, 'on_update', f.on_update) as json
from pragma_table_list t, pragma_foreign_key_list(t.name, 'main') f
where t.schema = 'main' and t.type = 'table'
order by t.name, f.id desc, f.seq"#;

/// A column of a reference.
#[derive(Deserialize)]
struct Row {
    table: String,
    id: i64,
    parent: String,
    column: String,
    /// Null if the reference is to the primary key.
    referenced: Option<String>,
    on_delete: String,
    on_update: String,
}

/// The references of all tables.
pub(super) struct ForeignKeys(HashMap<String, Vec<ForeignKey>>);

impl ForeignKeys {
    pub(super) async fn read<C: ConnectionTrait>(db: &C, tables: &[Described]) -> Result<Self, Error> {
        let rows: Vec<Row> = rows(db, FOREIGN_KEYS, []).await?;
        let mut by_table = HashMap::<_, Vec<_>>::new();
        for rows in rows.chunk_by(|one, next| (&one.table, one.id) == (&next.table, next.id)) {
            by_table.entry(rows[0].table.clone()).or_default().push(foreign_key(rows, tables));
        }
        Ok(Self(by_table))
    }

    /// The references of a table, with what its definition adds: they have the same order.
    pub(super) fn of_table(&self, table: &str, definition: &Definition) -> Vec<ForeignKey> {
        let mut keys = self.0.get(table).cloned().unwrap_or_default();
        if keys.len() == definition.foreign_keys.len() {
            for (key, defined) in keys.iter_mut().zip(&definition.foreign_keys) {
                (key.name, key.deferrable) = (defined.name.clone(), defined.deferrable);
            }
        }
        keys.sort_by(|one, other| (&one.columns, &one.name).cmp(&(&other.columns, &other.name)));
        keys
    }
}

fn foreign_key(rows: &[Row], tables: &[Described]) -> ForeignKey {
    let Row { parent, on_delete, on_update, .. } = &rows[0];
    let table = tables.iter().find(|table| table.name.name.eq_ignore_ascii_case(parent));
    let name = table.map_or(parent, |table| &table.name.name);
    ForeignKey {
        name: None,
        columns: rows.iter().map(|row| row.column.clone()).collect(),
        table: QualifiedName::new(SQLITE_SCHEMA, &**name),
        referenced_columns: referenced(rows, table).unwrap_or_default(),
        on_delete: action(on_delete),
        on_update: action(on_update),
        deferrable: false,
        comment: None,
    }
}

/// The referenced columns, with the case of their definition. Without names they are those of the primary key.
fn referenced(rows: &[Row], table: Option<&Described>) -> Option<Vec<String>> {
    let written: Option<Vec<String>> = rows.iter().map(|row| row.referenced.clone()).collect();
    let Some(table) = table else { return written };
    let Some(written) = written else {
        let key = table.columns.key();
        return (key.len() == rows.len()).then(|| key.to_vec());
    };
    let columns = &table.columns.columns;
    let exact = |name: String| {
        let found = columns.iter().find(|column| column.name.eq_ignore_ascii_case(&name));
        found.map_or(name, |column| column.name.clone())
    };
    Some(written.into_iter().map(exact).collect())
}

fn action(text: &str) -> ReferentialAction {
    match text {
        "RESTRICT" => ReferentialAction::Restrict,
        "CASCADE" => ReferentialAction::Cascade,
        "SET NULL" => ReferentialAction::SetNull,
        "SET DEFAULT" => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}
