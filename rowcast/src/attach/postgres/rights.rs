//! Rights that the current role lacks.

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::query::{RELATIONS, query, relations};
use crate::{
    attach::{
        name::{qualified, quoted},
        tracked::Tracked,
    },
    catalog::QualifiedName,
    error::Error,
};

const SCHEMA: &str = "
select current_user as role, pg_catalog.current_database() as database,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'create') as may_create,
    pg_catalog.pg_get_userbyid(n.nspowner) as owner,
    coalesce(pg_catalog.pg_has_role(n.nspowner, 'usage'), true) as is_owned
from (select) as one left join pg_catalog.pg_namespace n on n.nspname = 'rowcast'";

/// To read a table it suffices to read the columns of its key; others are then hidden.
const TABLES: &str = "
select n.nspname as schema, c.relname as name,
    pg_catalog.has_schema_privilege(n.oid, 'usage') as usage,
    pg_catalog.has_table_privilege(c.oid, 'trigger') as trigger,
    pg_catalog.has_table_privilege(c.oid, 'select') or not exists (
        select from pg_catalog.pg_index i, pg_catalog.unnest(i.indkey::int2[]) k(attnum)
        where i.indrelid = c.oid and i.indisprimary
            and not pg_catalog.has_column_privilege(c.oid, k.attnum, 'select')) as \"select\"
from {relations}
order by given.at";

#[derive(Deserialize)]
struct Schema {
    role: String,
    database: String,
    may_create: bool,
    owner: Option<String>,
    is_owned: bool,
}

#[derive(Deserialize)]
struct Table {
    #[serde(flatten)]
    name: QualifiedName,
    usage: bool,
    trigger: bool,
    select: bool,
}

/// One sentence for each right, with the SQL that grants it.
pub(in crate::attach) async fn missing_rights<C: ConnectionTrait>(
    db: &C,
    tracked: &[Tracked<'_>],
) -> Result<Vec<String>, Error> {
    let Some(schema) = query::<_, Schema>(db, SCHEMA, []).await?.pop() else { return Ok(Vec::new()) };
    let role = quoted(&schema.role);
    let mut sentences: Vec<String> = schema.sentence(&role).into_iter().collect();
    let tables: Vec<Table> =
        query(db, &TABLES.replace("{relations}", RELATIONS), [relations(tracked)]).await?;
    let mut closed: Vec<&str> =
        tables.iter().filter(|table| !table.usage).map(|table| &*table.name.schema).collect();
    closed.sort_unstable();
    closed.dedup();
    sentences.extend(closed.into_iter().map(quoted).map(|schema| {
        format!("The role {role} may not use the schema {schema}: grant usage on schema {schema} to {role}.")
    }));
    sentences.extend(tables.iter().flat_map(|table| table.sentences(&role)));
    Ok(sentences)
}

impl Schema {
    fn sentence(&self, role: &str) -> Option<String> {
        match &self.owner {
            Some(owner) if !self.is_owned => Some(format!(
                "The schema rowcast belongs to the role {}, so {role} cannot create in it: alter schema rowcast \
                 owner to {role}.",
                quoted(owner)
            )),
            None if !self.may_create => Some(format!(
                "The role {role} may not create the schema rowcast: grant create on database {} to {role}.",
                quoted(&self.database)
            )),
            _ => None,
        }
    }
}

impl Table {
    fn sentences(&self, role: &str) -> Vec<String> {
        let table = qualified(&self.name);
        let mut sentences = Vec::new();
        if !self.select {
            sentences.push(format!(
                "The role {role} may not read {table}: grant select on table {table} to {role}."
            ));
        }
        if !self.trigger {
            sentences.push(format!(
                "The role {role} may not create triggers on {table}: grant trigger on table {table} to {role}."
            ));
        }
        sentences
    }
}
