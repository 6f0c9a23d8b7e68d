//! Constraints in `pg_constraint`, and unique indexes in `pg_index`.

use sea_orm::{ConnectionTrait, Value};
use serde::Deserialize;

use super::{
    super::{
        Check, ForeignKey, PrimaryKey, QualifiedName, ReferentialAction, UniqueKey,
        checks::{Rules, Subject},
        sql::Dialect,
    },
    ByTable, by_table, query,
};
use crate::error::Error;

const CONSTRAINTS: &str = r#"
select c.conrelid::int8 as relation, c.conname as name, c.contype as kind,
    (select pg_catalog.json_agg(a.attname order by k.n)
        from pg_catalog.unnest(c.conkey) with ordinality k(attnum, n)
        join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.attnum) as columns,
    (select pg_catalog.json_build_object('schema', n.nspname, 'name', f.relname)
        from pg_catalog.pg_class f
        join pg_catalog.pg_namespace n on n.oid = f.relnamespace
        where f.oid = c.confrelid) as referenced,
    (select pg_catalog.json_agg(a.attname order by k.n)
        from pg_catalog.unnest(c.confkey) with ordinality k(attnum, n)
        join pg_catalog.pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.attnum) as referenced_columns,
    c.confdeltype as on_delete, c.confupdtype as on_update, c.condeferrable as deferrable,
    pg_catalog.pg_get_expr(c.conbin, c.conrelid) as expression,
    pg_catalog.obj_description(c.oid, 'pg_constraint') as comment
from pg_catalog.pg_constraint c
where c.conrelid = any ($1::text::oid[]) and c.contype in ('p', 'f', 'c')
    -- A reference to a partitioned table has a second row for each partition.
    and not exists (
        select from pg_catalog.pg_constraint p where p.oid = c.conparentid and p.conrelid = c.conrelid)
order by c.conrelid, c.conname"#;

const UNIQUE_KEYS: &str = r#"
select i.indrelid::int8 as relation, x.relname as name,
    (select pg_catalog.json_agg(pg_catalog.json_build_object(
            'column', a.attname,
            'expression', case when k.attnum = 0 then pg_catalog.pg_get_indexdef(i.indexrelid, k.n::int, false) end
        ) order by k.n)
        from pg_catalog.unnest(i.indkey::int2[]) with ordinality k(attnum, n)
        left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum and k.attnum <> 0
        where k.n <= i.indnkeyatts) as parts,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) as predicate,
    -- Servers before 15 do not know the column.
    coalesce((pg_catalog.to_json(i) ->> 'indnullsnotdistinct')::boolean, false) as nulls_not_distinct,
    not i.indimmediate as deferrable,
    coalesce(
        pg_catalog.obj_description(c.oid, 'pg_constraint'),
        pg_catalog.obj_description(i.indexrelid, 'pg_class')) as comment
from pg_catalog.pg_index i
join pg_catalog.pg_class x on x.oid = i.indexrelid
left join pg_catalog.pg_constraint c on c.conindid = i.indexrelid and c.contype = 'u'
where i.indrelid = any ($1::text::oid[]) and i.indisunique and not i.indisprimary and i.indisvalid"#;

#[derive(Deserialize)]
struct Constraint {
    relation: i64,
    name: String,
    kind: char,
    columns: Option<Vec<String>>,
    referenced: Option<QualifiedName>,
    referenced_columns: Option<Vec<String>>,
    on_delete: char,
    on_update: char,
    deferrable: bool,
    expression: Option<String>,
    comment: Option<String>,
}

#[derive(Deserialize)]
struct UniqueIndex {
    relation: i64,
    name: String,
    parts: Vec<Part>,
    predicate: Option<String>,
    nulls_not_distinct: bool,
    deferrable: bool,
    comment: Option<String>,
}

/// A column or an expression of an index.
#[derive(Deserialize)]
struct Part {
    column: Option<String>,
    expression: Option<String>,
}

/// The constraints of all tables.
pub(super) struct Constraints {
    constraints: ByTable<Constraint>,
    unique_indexes: ByTable<UniqueIndex>,
}

impl Constraints {
    pub(super) async fn read<C: ConnectionTrait>(db: &C, tables: Value) -> Result<Self, Error> {
        let constraints: Vec<Constraint> = query(db, CONSTRAINTS, [tables.clone()]).await?;
        let unique_indexes: Vec<UniqueIndex> = query(db, UNIQUE_KEYS, [tables]).await?;
        Ok(Self {
            constraints: by_table(constraints.into_iter().map(|row| (row.relation, row))),
            unique_indexes: by_table(unique_indexes.into_iter().map(|row| (row.relation, row))),
        })
    }

    fn of_kind(&self, table: i64, kind: char) -> impl Iterator<Item = &Constraint> {
        let constraints = self.constraints.get(&table).into_iter().flatten();
        constraints.filter(move |constraint| constraint.kind == kind)
    }

    pub(super) fn primary_key(&self, table: i64) -> Option<PrimaryKey> {
        self.of_kind(table, 'p').next().map(|key| PrimaryKey {
            name: Some(key.name.clone()),
            columns: key.columns.clone().unwrap_or_default(),
            comment: key.comment.clone(),
        })
    }

    pub(super) fn unique_keys(&mut self, table: i64) -> Vec<UniqueKey> {
        let indexes = self.unique_indexes.remove(&table).unwrap_or_default();
        let mut keys: Vec<_> = indexes.into_iter().map(UniqueIndex::into_key).collect();
        keys.sort_by(|one, other| (&one.columns, &one.name).cmp(&(&other.columns, &other.name)));
        keys
    }

    pub(super) fn foreign_keys(&self, table: i64) -> Vec<ForeignKey> {
        let mut keys: Vec<_> = self.of_kind(table, 'f').filter_map(Constraint::foreign_key).collect();
        keys.sort_by(|one, other| (&one.columns, &one.name).cmp(&(&other.columns, &other.name)));
        keys
    }

    pub(super) fn checks(&self, table: i64, subjects: &[Subject<'_>]) -> Vec<Check> {
        let mut checks: Vec<_> = self.of_kind(table, 'c').map(|check| check.check(subjects)).collect();
        checks.sort_by(|one, other| one.name.cmp(&other.name));
        checks
    }
}

impl Constraint {
    fn foreign_key(&self) -> Option<ForeignKey> {
        Some(ForeignKey {
            name: Some(self.name.clone()),
            columns: self.columns.clone()?,
            table: self.referenced.clone()?,
            referenced_columns: self.referenced_columns.clone()?,
            on_delete: action(self.on_delete),
            on_update: action(self.on_update),
            deferrable: self.deferrable,
            comment: self.comment.clone(),
        })
    }

    fn check(&self, subjects: &[Subject<'_>]) -> Check {
        let sql = self.expression.clone().unwrap_or_default();
        let Rules { rules, complete } = Rules::of(&sql, Dialect::Postgres, subjects);
        // In the table's order.
        let used = self.columns.iter().flatten().collect::<Vec<_>>();
        let is_used = |subject: &&Subject<'_>| used.iter().any(|name| *name == subject.name);
        let columns = subjects.iter().filter(is_used).map(|subject| subject.name.to_owned()).collect();
        let (name, comment) = (Some(self.name.clone()), self.comment.clone());
        Check { name, sql, columns, rules, complete, comment }
    }
}

impl UniqueIndex {
    fn into_key(self) -> UniqueKey {
        let (mut columns, mut expressions) = (Vec::new(), Vec::new());
        for part in self.parts {
            columns.extend(part.column);
            expressions.extend(part.expression);
        }
        UniqueKey {
            name: Some(self.name),
            columns,
            expressions,
            predicate: self.predicate,
            nulls_distinct: !self.nulls_not_distinct,
            deferrable: self.deferrable,
            comment: self.comment,
        }
    }
}

fn action(code: char) -> ReferentialAction {
    match code {
        'r' => ReferentialAction::Restrict,
        'c' => ReferentialAction::Cascade,
        'n' => ReferentialAction::SetNull,
        'd' => ReferentialAction::SetDefault,
        _ => ReferentialAction::NoAction,
    }
}
