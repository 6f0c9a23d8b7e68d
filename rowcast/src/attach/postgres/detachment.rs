//! The removal of the schema `rowcast`.

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{Installed, plan::plan, query::query};
use crate::{
    attach::{Detachment, SCHEMA, Statement, name::quoted},
    error::Error,
    migration::ENGINE_TABLES,
};

/// Relations and functions in the schema, without indexes and what belongs to a column.
const CONTENTS: &str = r"
select 'relation' as kind, c.relname as name, c.relkind as relkind, null as signature
from pg_catalog.pg_class c
where c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = 'rowcast')
    and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and not exists (
        select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.objid = c.oid and d.refobjsubid > 0 and d.deptype in ('a', 'i'))
union all
select 'function', p.proname, null,
    pg_catalog.format('%I(%s)', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
from pg_catalog.pg_proc p
where p.pronamespace = (select oid from pg_catalog.pg_namespace where nspname = 'rowcast')
order by kind, name";

/// What depends on an object of the schema without being a part of it, except the triggers of Rowcast.
const DEPENDENTS: &str = r"
with own as (
    select 'pg_catalog.pg_class'::pg_catalog.regclass as class, c.oid from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = 'rowcast'
    union all
    select 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = 'rowcast'
    union all
    select 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid from pg_catalog.pg_type t
    join pg_catalog.pg_namespace n on n.oid = t.typnamespace where n.nspname = 'rowcast'
)
select distinct case
    when v.oid is null then pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
    else pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, v.oid, 0) end as name
from pg_catalog.pg_depend d
-- A view depends by its rule.
left join pg_catalog.pg_rewrite r
    on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid and r.rulename = '_RETURN'
left join pg_catalog.pg_class v on v.oid = r.ev_class
join own on own.class = d.refclassid and own.oid = d.refobjid
where d.deptype in ('n', 'a') and not exists (
    select from own part where part.class = d.classid and part.oid = d.objid
    union all
    select from pg_catalog.pg_attrdef a join own on own.oid = a.adrelid
    where d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and a.oid = d.objid
    union all
    select from pg_catalog.pg_constraint c join own on own.oid = c.conrelid
    where d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass and c.oid = d.objid
    union all
    select from pg_catalog.pg_rewrite r join own on own.oid = r.ev_class
    where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and r.oid = d.objid
    union all
    select from pg_catalog.pg_trigger t
    where d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass and t.oid = d.objid
        and (t.tgname ~ '^(zz_)?rowcast_' or t.tgrelid in (select oid from own))
)
order by name";

#[derive(Deserialize)]
struct Object {
    name: String,
    relkind: Option<char>,
    /// Of a function.
    signature: Option<String>,
}

#[derive(Deserialize)]
struct Dependent {
    name: String,
}

/// Functions of the engine's migrations, which have no prefix.
const ENGINE_FUNCTIONS: [&str; 6] =
    ["guard_log", "log_nested", "log_row", "log_truncate", "move_version", "note_version"];

impl Object {
    fn is_own(&self) -> bool {
        let of_engine = match self.signature {
            Some(_) => ENGINE_FUNCTIONS.contains(&&*self.name),
            None => ENGINE_TABLES.contains(&&*self.name),
        };
        of_engine || self.name.starts_with("rowcast_")
    }

    fn kind(&self) -> &'static str {
        match self.relkind {
            None => "function",
            Some('v') => "view",
            Some('m') => "materialized view",
            Some('f') => "foreign table",
            Some('S') => "sequence",
            Some(_) => "table",
        }
    }

    fn drop(&self) -> Statement {
        let name = self.signature.clone().unwrap_or_else(|| quoted(&self.name));
        Statement::general(format!("drop {} if exists {SCHEMA}.{name} cascade", self.kind()))
    }
}

/// Objects in the schema that are not Rowcast's.
pub(super) async fn conflicts<C: ConnectionTrait>(db: &C) -> Result<Vec<String>, Error> {
    let contents: Vec<Object> = query(db, CONTENTS, []).await?;
    let of_others = contents.iter().filter(|object| !object.is_own());
    Ok(of_others.map(|object| {
        let (kind, name) = (object.kind(), quoted(&object.name));
        format!("The schema rowcast contains the {kind} {name}, which is not Rowcast's: move it to another schema, or drop it.")
    })
    .collect())
}

/// Tables are released one after another, so that no transaction locks them all. A schema that Rowcast did not create is
/// emptied.
pub(in crate::attach) async fn detach<C: ConnectionTrait>(db: &C) -> Result<Detachment, Error> {
    let installed = Installed::read(db).await?;
    let Some(schema) = &installed.schema else { return Ok(Detachment::default()) };
    let mut obstacles = installed.conflicts.clone();
    if !schema.is_owned {
        let owner = quoted(&schema.owner);
        obstacles.push(format!("The schema rowcast belongs to the role {owner}: detach as that role."));
    }
    let dependents: Vec<Dependent> = query(db, DEPENDENTS, []).await?;
    obstacles.extend(dependents.into_iter().map(|Dependent { name }| {
        format!(
            "The {name} depends on the schema rowcast, and would be dropped with it: drop or change it first."
        )
    }));
    let mut statements = plan(&[], &installed);
    if schema.is_created() {
        statements.push(Statement::general(format!("drop schema if exists {SCHEMA} cascade")));
    } else {
        let contents: Vec<Object> = query(db, CONTENTS, []).await?;
        statements.extend(contents.iter().filter(|object| object.is_own()).map(Object::drop));
    }
    Ok(Detachment { obstacles, statements })
}
