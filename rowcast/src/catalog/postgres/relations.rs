//! Tables and views in `pg_class`.

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{
    super::{Privileges, QualifiedName, TableKind, without_engine_tables},
    query,
};
use crate::error::Error;

const QUERY: &str = r#"
select c.oid::int8 as oid, pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname) as name, c.relkind as kind,
    pg_catalog.obj_description(c.oid, 'pg_class') as comment,
    (select pg_catalog.json_build_object('schema', pn.nspname, 'name', p.relname)
        from pg_catalog.pg_inherits h
        join pg_catalog.pg_class p on p.oid = h.inhparent
        join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
        where h.inhrelid = c.oid and c.relispartition limit 1) as partition_of,
    u.usage and pg_catalog.has_table_privilege(c.oid, 'select') as "select",
    u.usage and pg_catalog.has_table_privilege(c.oid, 'insert') as "insert",
    u.usage and pg_catalog.has_table_privilege(c.oid, 'update') as "update",
    u.usage and pg_catalog.has_table_privilege(c.oid, 'delete') as "delete",
    coalesce(
        pg_catalog.has_column_privilege(c.oid, (-1)::pg_catalog.int2, 'select')
            and pg_catalog.has_column_privilege(c.oid, (-2)::pg_catalog.int2, 'select'), true) as row_state
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral (select pg_catalog.has_schema_privilege(n.oid, 'usage') as usage) u
where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't'
    and pg_catalog.left(n.nspname, 3) <> 'pg_' and n.nspname <> 'information_schema'
    and ($1 = '[]' or n.nspname in (select pg_catalog.json_array_elements_text($1::text::json)))
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')"#;

/// A table or view.
#[derive(Deserialize)]
pub(super) struct Relation {
    pub(super) oid: i64,
    pub(super) name: QualifiedName,
    kind: char,
    pub(super) comment: Option<String>,
    pub(super) partition_of: Option<QualifiedName>,
    select: bool,
    insert: bool,
    update: bool,
    delete: bool,
    /// The rights on `ctid` and `xmin`; views have neither.
    pub(super) row_state: bool,
}

impl Relation {
    pub(super) fn table_kind(&self) -> TableKind {
        match self.kind {
            'p' => TableKind::PartitionedTable,
            'v' => TableKind::View,
            'm' => TableKind::MaterializedView,
            'f' => TableKind::ForeignTable,
            _ => TableKind::Table,
        }
    }

    pub(super) fn privileges(&self) -> Privileges {
        let &Self { select, insert, update, delete, .. } = self;
        Privileges { select, insert, update, delete }
    }
}

/// Reads all relations of these schemas, or of all schemas if there are none.
pub(super) async fn read<C: ConnectionTrait>(db: &C, schemas: &[String]) -> Result<Vec<Relation>, Error> {
    let schemas = serde_json::json!(schemas).to_string();
    let relations = query(db, QUERY, [schemas.into()]).await?;
    Ok(without_engine_tables(relations, |relation: &Relation| &relation.name))
}
