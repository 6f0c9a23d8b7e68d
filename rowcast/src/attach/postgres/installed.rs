//! What is in the schema `rowcast`, and which triggers use it.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{SCHEMA_COMMENT, detachment, query::query, trigger::Trigger};
use crate::{catalog::QualifiedName, error::Error};

/// What Rowcast has put into a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::attach) struct Installed {
    pub(in crate::attach) schema: Option<Schema>,
    pub(in crate::attach) conflicts: Vec<String>,
    /// By name. Those of the engine's migrations have other names.
    pub(super) functions: BTreeMap<String, InstalledFunction>,
    /// Without copies on partitions.
    pub(super) triggers: BTreeMap<Trigger, State>,
    /// Copies that PostgreSQL made on partitions.
    pub(super) copies: Vec<(Trigger, State)>,
    /// Tables that the current role does not own.
    others: BTreeSet<QualifiedName>,
}

/// The schema `rowcast`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::attach) struct Schema {
    pub(super) owner: String,
    /// Whether the current role may do what its owner may.
    pub(super) is_owned: bool,
    comment: Option<String>,
}

impl Schema {
    /// Whether Rowcast created it, rather than somebody for Rowcast.
    pub(super) fn is_created(&self) -> bool {
        self.comment.as_deref() == Some(SCHEMA_COMMENT)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct InstalledFunction {
    name: String,
    pub(super) body: String,
    pub(super) is_definer: bool,
    /// Whether every role may execute it.
    pub(super) is_public: bool,
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum State {
    #[serde(rename = "A")]
    Always,
    /// Except under `session_replication_role = replica`.
    #[serde(rename = "O")]
    ByDefault,
    #[serde(rename = "R")]
    UnderReplication,
    #[serde(rename = "D")]
    Disabled,
}

impl State {
    pub(super) fn fires_by_default(self) -> bool {
        self == Self::ByDefault
    }
}

const SCHEMA: &str = "
select pg_catalog.pg_get_userbyid(nspowner) as owner,
    pg_catalog.pg_has_role(nspowner, 'usage') as is_owned,
    pg_catalog.obj_description(oid, 'pg_namespace') as comment
from pg_catalog.pg_namespace where nspname = 'rowcast'";

const FUNCTIONS: &str = r"
select proname as name, prosrc as body, prosecdef as is_definer,
    pg_catalog.has_function_privilege('public', p.oid, 'execute') as is_public
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = pronamespace
where nspname = 'rowcast' and proname ~ '^rowcast_((log|version)_[0-9a-f]{16}|current_key)$'
order by proname";

/// Each function is looked up by its number (`offset`): without statistics of new triggers, PostgreSQL would compare all
/// functions with all triggers.
const TRIGGERS: &str = r"
select n.nspname as schema, c.relname as table, t.tgname as name, f.name as function, t.tgenabled as state,
    t.tgparentid <> 0 as is_copy
from pg_catalog.pg_trigger t
cross join lateral (
    select p.proname as name, p.pronamespace as namespace from pg_catalog.pg_proc p where p.oid = t.tgfoid offset 0) f
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where f.name ~ '^rowcast_(log|version)_[0-9a-f]{16}$' and n.nspname <> 'rowcast'
    and f.namespace = (select oid from pg_catalog.pg_namespace where nspname = 'rowcast')
order by n.nspname, c.relname, t.tgname";

const TABLES_OF_OTHERS: &str = "
select n.nspname as schema, c.relname as name
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not pg_catalog.pg_has_role(c.relowner, 'usage')";

#[derive(Deserialize)]
struct Row {
    schema: String,
    table: String,
    name: String,
    function: String,
    state: State,
    is_copy: bool,
}

impl Installed {
    pub(in crate::attach) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, Error> {
        let others = query(db, TABLES_OF_OTHERS, []).await?.into_iter().collect();
        let Some(schema) = query(db, SCHEMA, []).await?.pop() else {
            return Ok(Self { others, ..Self::default() });
        };
        let functions = query::<_, InstalledFunction>(db, FUNCTIONS, []).await?;
        let (mut triggers, mut copies) = (BTreeMap::new(), Vec::new());
        for row in query::<_, Row>(db, TRIGGERS, []).await? {
            let table = QualifiedName::new(row.schema, row.table);
            let trigger = Trigger { table, name: row.name, function: row.function };
            if row.is_copy {
                copies.push((trigger, row.state));
            } else {
                triggers.insert(trigger, row.state);
            }
        }
        Ok(Self {
            schema: Some(schema),
            conflicts: detachment::conflicts(db).await?,
            functions: functions.into_iter().map(|function| (function.name.clone(), function)).collect(),
            triggers,
            copies,
            others,
        })
    }

    /// Whether the current role may do what the table's owner may.
    pub(super) fn is_owner(&self, table: &QualifiedName) -> bool {
        !self.others.contains(table)
    }
}
