//! Columns in `pg_attribute`.

use sea_orm::{ConnectionTrait, Value};
use serde::Deserialize;

use super::{
    super::{Column, ColumnPrivileges, ColumnType, Generated, Identity, QualifiedName, checks::Subject},
    ByTable, by_table, query,
    types::Types,
};
use crate::error::Error;

const QUERY: &str = r#"
select a.attrelid::int8 as relation, a.attnum as position, a.attname as name,
    a.atttypid::int8 as type_oid, a.atttypmod as modifier,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as sql_type,
    a.attnotnull as not_null, a.attidentity as identity, a.attgenerated as generated,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) as expression,
    case when a.attcollation <> t.typcollation then l.collname end as collation,
    coalesce(l.collisdeterministic, true) as deterministic,
    coalesce(own.sequence, used.sequence) as sequence,
    pg_catalog.col_description(a.attrelid, a.attnum) as comment,
    u.usage and pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'select') as "select",
    u.usage and pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'insert') as "insert",
    u.usage and pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'update') as "update"
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
cross join lateral (select pg_catalog.has_schema_privilege(c.relnamespace, 'usage') as usage) u
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_catalog.pg_collation l on l.oid = a.attcollation
-- The sequence of an identity column.
left join lateral (
    select pg_catalog.json_build_object('schema', n.nspname, 'name', s.relname) as sequence
    from pg_catalog.pg_depend p
    join pg_catalog.pg_class s on s.oid = p.objid and s.relkind = 'S'
    join pg_catalog.pg_namespace n on n.oid = s.relnamespace
    where a.attidentity <> '' and p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and p.deptype = 'i'
        and p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and p.refobjid = a.attrelid
        and p.refobjsubid = a.attnum
    limit 1) own on true
-- The sequence that a default uses, whether or not the column owns it.
left join lateral (
    select pg_catalog.json_build_object('schema', n.nspname, 'name', s.relname) as sequence
    from pg_catalog.pg_depend p
    join pg_catalog.pg_class s on s.oid = p.refobjid and s.relkind = 'S'
    join pg_catalog.pg_namespace n on n.oid = s.relnamespace
    where p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and p.objid = d.oid
        and p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    limit 1) used on true
where a.attrelid = any ($1::text::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum"#;

#[derive(Deserialize)]
struct Row {
    relation: i64,
    position: i16,
    name: String,
    type_oid: i64,
    modifier: i32,
    sql_type: String,
    not_null: bool,
    identity: String,
    generated: String,
    expression: Option<String>,
    collation: Option<String>,
    deterministic: bool,
    sequence: Option<QualifiedName>,
    comment: Option<String>,
    select: bool,
    insert: bool,
    update: bool,
}

/// A column, with properties that only rules depend on.
pub(super) struct TableColumn {
    position: i16,
    pub(super) column: Column,
    exact_text: bool,
}

impl TableColumn {
    pub(super) fn subject(&self) -> Subject<'_> {
        let Column { name, column_type, .. } = &self.column;
        Subject { name, column_type, exact_text: self.exact_text }
    }
}

/// Reads the columns of these tables, in order.
pub(super) async fn read<C: ConnectionTrait>(
    db: &C,
    tables: Value,
    types: &Types,
) -> Result<ByTable<TableColumn>, Error> {
    let rows: Vec<Row> = query(db, QUERY, [tables]).await?;
    let mut columns = by_table(rows.into_iter().map(|row| (row.relation, row.into_column(types))));
    columns.values_mut().for_each(|columns| columns.sort_by_key(|column| column.position));
    Ok(columns)
}

impl Row {
    fn into_column(self, types: &Types) -> TableColumn {
        let column_type = match types.resolve(self.type_oid, self.modifier) {
            ColumnType::Other(_) => ColumnType::Other(self.sql_type.clone()),
            known => known,
        };
        let exact_text = self.deterministic && types.is_exact_text(self.type_oid);
        let identity = self.identity();
        let generated = (!self.generated.is_empty()).then(|| Generated {
            expression: self.expression.clone().unwrap_or_default(),
            stored: self.generated == "s",
        });
        let has_default = generated.is_none() && identity.is_none();
        let column = Column {
            name: self.name,
            nullable: !self.not_null && !excludes_null(&column_type),
            column_type,
            sql_type: self.sql_type,
            default: self.expression.filter(|_| has_default),
            generated,
            identity,
            collation: self.collation,
            comment: self.comment,
            privileges: ColumnPrivileges { select: self.select, insert: self.insert, update: self.update },
        };
        TableColumn { position: self.position, column, exact_text }
    }

    fn identity(&self) -> Option<Identity> {
        let sequence = self.sequence.clone()?;
        match (&*self.identity, &self.expression) {
            ("a", _) => Some(Identity::Always { sequence }),
            ("d", _) => Some(Identity::ByDefault { sequence }),
            (_, Some(default)) if is_next_value(default) => Some(Identity::Serial { sequence }),
            _ => None,
        }
    }
}

/// Whether a default is the next value of a sequence, not one that is computed from it.
fn is_next_value(default: &str) -> bool {
    let name = default.strip_prefix("nextval('").and_then(|rest| rest.strip_suffix("'::regclass)"));
    name.is_some_and(|name| !name.replace("''", "").contains('\''))
}

fn excludes_null(column_type: &ColumnType) -> bool {
    match column_type {
        ColumnType::Domain(domain) => domain.not_null || excludes_null(&domain.base),
        _ => false,
    }
}
