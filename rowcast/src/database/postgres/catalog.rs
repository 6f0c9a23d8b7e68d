//! Constraints in PostgreSQL's catalog, read after a violation.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use super::TIMEOUT;
use crate::database::violation::{Constraint, Violation};

/// A constraint, or a unique index without one. An index over expressions covers the columns that the expressions use.
const CONSTRAINT_QUERY: &str = "
select 1 as choice, t.relname::text as on_table, c.contype = 'p' as is_primary_key,
    (select coalesce(json_agg(a.attname), '[]') from pg_attribute a
        where a.attrelid = c.conrelid and a.attnum = any (c.conkey))::text as columns,
    r.relname::text as referenced,
    (select coalesce(json_agg(a.attname), '[]') from pg_attribute a
        where a.attrelid = c.confrelid and a.attnum = any (c.confkey))::text as referenced_columns,
    obj_description(c.oid, 'pg_constraint') as comment
from pg_constraint c
join pg_class t on t.oid = c.conrelid
join pg_namespace n on n.oid = t.relnamespace
left join pg_class r on r.oid = c.confrelid
where c.conname = $1 and t.relname = $2 and n.nspname = $3
union all
select 2, t.relname::text, false,
    (select coalesce(json_agg(a.attname), '[]') from pg_attribute a
        where a.attrelid = i.indrelid and a.attnum > 0 and (
            a.attnum = any (i.indkey::int2[])
            or 0 = any (i.indkey::int2[]) and exists (
                select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
                    and d.refobjid = i.indrelid and d.refobjsubid = a.attnum)))::text,
    null, '[]', obj_description(i.indexrelid, 'pg_class')
from pg_index i
join pg_class x on x.oid = i.indexrelid
join pg_class t on t.oid = i.indrelid
join pg_namespace n on n.oid = t.relnamespace
where x.relname = $1 and t.relname = $2 and n.nspname = $3
order by choice limit 1";

/// The violated constraint, if it is found. A trigger may report a column without a constraint.
pub(super) async fn constraint(db: &DatabaseConnection, violation: &Violation) -> Option<Constraint> {
    let table = violation.table.clone();
    if let Some(column) = &violation.column {
        let table = table.or_else(|| violation.target.as_ref().map(|target| target.table.to_owned()))?;
        return Some(Constraint { table, columns: vec![column.clone()], ..Constraint::default() });
    }
    let (constraint, schema) = (violation.constraint.clone()?, violation.schema.clone()?);
    let values = [constraint.into(), table?.into(), schema.into()];
    let ask = Statement::from_sql_and_values(DbBackend::Postgres, CONSTRAINT_QUERY, values);
    match tokio::time::timeout(TIMEOUT, db.query_one_raw(ask)).await {
        Ok(Ok(row)) => read(&row?).ok(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the columns of a violated constraint could not be queried");
            None
        }
        Err(_) => None,
    }
}

fn read(row: &QueryResult) -> Result<Constraint, DbErr> {
    let names = |column: &str| -> Result<Vec<String>, DbErr> {
        let json: String = row.try_get("", column)?;
        serde_json::from_str(&json).map_err(|error| DbErr::Json(error.to_string()))
    };
    let referenced: Option<String> = row.try_get("", "referenced")?;
    let referenced_columns = names("referenced_columns")?;
    Ok(Constraint {
        table: row.try_get("", "on_table")?,
        columns: names("columns")?,
        comment: row.try_get("", "comment")?,
        referenced: referenced.map(|table| (table, referenced_columns)),
        is_primary_key: row.try_get("", "is_primary_key")?,
    })
}
