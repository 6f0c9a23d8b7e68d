//! What PostgreSQL's catalog says of a constraint. It is asked only when one has refused.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use super::PATIENCE;
use crate::database::violation::{Rule, Violation};

/// A constraint, or a unique index without one. An index over expressions is about the columns that these name.
const RULE: &str = "
select 1 as choice, t.relname::text as on_table, c.contype = 'p' as is_key,
    (select coalesce(json_agg(a.attname), '[]') from pg_attribute a
        where a.attrelid = c.conrelid and a.attnum = any (c.conkey))::text as columns,
    r.relname::text as referred,
    (select coalesce(json_agg(a.attname), '[]') from pg_attribute a
        where a.attrelid = c.confrelid and a.attnum = any (c.confkey))::text as referred_columns,
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

/// The constraint that refused, if it can be found. It need not be a constraint: a trigger may name a column by itself.
pub(super) async fn rule(db: &DatabaseConnection, violation: &Violation) -> Option<Rule> {
    let table = violation.table.clone();
    if let Some(column) = &violation.column {
        let table = table.or_else(|| violation.writing.as_ref().map(|writing| writing.table.to_owned()))?;
        return Some(Rule { table, columns: vec![column.clone()], ..Rule::default() });
    }
    let (constraint, schema) = (violation.constraint.clone()?, violation.schema.clone()?);
    let values = [constraint.into(), table?.into(), schema.into()];
    let ask = Statement::from_sql_and_values(DbBackend::Postgres, RULE, values);
    match tokio::time::timeout(PATIENCE, db.query_one_raw(ask)).await {
        Ok(Ok(row)) => read(&row?).ok(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a constraint refused, and the catalog does not say what it is about");
            None
        }
        Err(_) => None,
    }
}

fn read(row: &QueryResult) -> Result<Rule, DbErr> {
    let names = |column: &str| -> Result<Vec<String>, DbErr> {
        let json: String = row.try_get("", column)?;
        serde_json::from_str(&json).map_err(|error| DbErr::Json(error.to_string()))
    };
    let referred: Option<String> = row.try_get("", "referred")?;
    let referred_columns = names("referred_columns")?;
    Ok(Rule {
        table: row.try_get("", "on_table")?,
        columns: names("columns")?,
        comment: row.try_get("", "comment")?,
        referred: referred.map(|table| (table, referred_columns)),
        is_key: row.try_get("", "is_key")?,
    })
}
