//! Columns by `pragma_table_xinfo`.

use std::collections::HashMap;

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{
    super::{Column, ColumnPrivileges, Generated, Identity, PrimaryKey, rows::rows},
    Relation,
    declared_type::column_type,
    definition::Definition,
};
use crate::error::Error;

/// Whether a table has an index for its primary key: an alias of the rowid needs none.
const COLUMNS: &str = r#"
select json_object('table', t.name, 'name', c.name, 'type', c.type, 'not_null', c."notnull", 'default', c.dflt_value,
    'key', c.pk, 'hidden', c.hidden, 'key_index', c.pk = 1 and exists (
        select 1 from pragma_index_list(t.name, 'main') i where i.origin = 'pk')) as json
from pragma_table_list t, pragma_table_xinfo(t.name, 'main') c
where t.schema = 'main' and t.type = 'table' and c.hidden <> 1
order by t.name, c.cid"#;

const VIEW_COLUMNS: &str = r#"
select json_object('table', $1, 'name', name, 'type', type, 'not_null', 0, 'default', null, 'key', 0, 'hidden', 0,
    'key_index', 0) as json
from pragma_table_xinfo($1, 'main')
order by cid"#;

#[derive(Deserialize)]
pub(super) struct Row {
    table: String,
    name: String,
    r#type: String,
    not_null: i64,
    default: Option<String>,
    /// The position in the primary key, from 1.
    key: i64,
    hidden: i64,
    key_index: i64,
}

/// Values of `hidden`.
const VIRTUAL: i64 = 2;
const STORED: i64 = 3;

/// Reads the columns of all tables, by table.
pub(super) async fn read<C: ConnectionTrait>(db: &C) -> Result<HashMap<String, Vec<Row>>, Error> {
    let mut by_table = HashMap::<_, Vec<_>>::new();
    for row in rows::<_, Row>(db, COLUMNS, []).await? {
        by_table.entry(row.table.clone()).or_default().push(row);
    }
    Ok(by_table)
}

/// Reads the columns of a view, if its query is valid.
pub(super) async fn read_view<C: ConnectionTrait>(db: &C, name: &str) -> Result<Option<Vec<Row>>, Error> {
    match rows(db, VIEW_COLUMNS, [name.into()]).await {
        Ok(rows) => Ok(Some(rows)),
        Err(Error::Database(error)) => {
            tracing::warn!(view = name, %error, "a view is left out, because its query is not valid");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The columns of a table, and its primary key.
pub(super) struct TableColumns {
    pub(super) columns: Vec<Column>,
    key: Vec<String>,
}

impl TableColumns {
    pub(super) fn new(rows: Vec<Row>, relation: &Relation, definition: &Definition) -> Self {
        let mut key: Vec<_> = rows.iter().filter(|row| row.key > 0).collect();
        key.sort_by_key(|row| row.key);
        let key: Vec<_> = key.into_iter().map(|row| row.name.clone()).collect();
        let convert = |row: Row| row.into_column(&key, relation, definition);
        Self { columns: rows.into_iter().map(convert).collect(), key }
    }

    /// The names of the primary key's columns, in its order.
    pub(super) fn key(&self) -> &[String] {
        &self.key
    }

    pub(super) fn primary_key(&self, definition: &Definition) -> Option<PrimaryKey> {
        let (name, columns) = (definition.primary_key.clone(), self.key.clone());
        (!columns.is_empty()).then_some(PrimaryKey { name, columns, comment: None })
    }
}

impl Row {
    fn into_column(self, key: &[String], relation: &Relation, definition: &Definition) -> Column {
        let defined = definition.column(&self.name);
        let identity = self
            .is_row_id(key, relation)
            .then(|| Identity::RowId { autoincrement: defined.is_some_and(|defined| defined.autoincrement) });
        let generated = matches!(self.hidden, VIRTUAL | STORED).then(|| Generated {
            expression: defined.and_then(|defined| defined.generated.clone()).unwrap_or_default(),
            stored: self.hidden == STORED,
        });
        let in_key = self.key > 0 && (relation.strict != 0 || relation.without_rowid != 0);
        Column {
            column_type: column_type(&self.r#type),
            sql_type: self.r#type,
            nullable: self.not_null == 0 && !in_key && identity.is_none(),
            default: self.default,
            generated,
            identity,
            collation: defined.and_then(|defined| defined.collation.clone()),
            comment: None,
            privileges: ColumnPrivileges::ALL,
            name: self.name,
        }
    }

    /// Whether the column is an alias of the rowid: `integer primary key`, but not `integer primary key desc`.
    fn is_row_id(&self, key: &[String], relation: &Relation) -> bool {
        let is_integer = self.r#type.eq_ignore_ascii_case("integer");
        is_integer && self.key == 1 && key.len() == 1 && relation.without_rowid == 0 && self.key_index == 0
    }
}
