//! What is in a file.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::ATTACHMENT;
use crate::{
    attach::{name::quoted, tracked::is_reserved},
    catalog::rows::rows,
    error::Error,
};

/// What Rowcast has put into a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::attach) struct Installed {
    pub(in crate::attach) is_attached: bool,
    pub(in crate::attach) conflicts: Vec<String>,
    /// Definitions of triggers on tables of others, by name, without `create trigger`.
    pub(super) triggers: BTreeMap<String, String>,
    /// Rowcast's tables.
    pub(super) tables: Vec<String>,
}

const SCHEMA: &str = r"
select json_object('kind', type, 'name', name, 'sql', sql) as json from sqlite_master
where name like 'rowcast\_%' escape '\' and type in ('table', 'view', 'trigger') order by name";

#[derive(Deserialize)]
struct Object {
    kind: String,
    name: String,
    sql: String,
}

/// What SQLite puts before the name of a trigger.
const CREATE_TRIGGER: &str = "CREATE TRIGGER ";

impl Installed {
    pub(in crate::attach) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, Error> {
        let objects: Vec<Object> = rows(db, SCHEMA, []).await?;
        let mut installed = Self {
            is_attached: objects.iter().any(|object| object.kind == "table" && object.name == ATTACHMENT),
            ..Self::default()
        };
        for object in objects.into_iter().filter(|object| is_reserved(&object.name)) {
            installed.add(object);
        }
        Ok(installed)
    }

    fn add(&mut self, Object { kind, name, sql }: Object) {
        match &*kind {
            "trigger" if is_of_table(&name) => {
                let definition = sql.get(CREATE_TRIGGER.len()..).unwrap_or_default().to_owned();
                self.triggers.insert(name, definition);
            }
            "trigger" => {}
            "table" if self.is_attached => self.tables.push(name),
            _ => self.conflicts.push(format!(
                "The {kind} {} is not Rowcast's, but has a name that Rowcast reserves: rename it.",
                quoted(&name)
            )),
        }
    }
}

/// Whether a trigger is on a table of others: `rowcast_log_<hash>_insert`.
fn is_of_table(trigger: &str) -> bool {
    let rest = ["rowcast_log_", "rowcast_version_"].iter().find_map(|start| trigger.strip_prefix(start));
    let hash = rest.and_then(|rest| rest.split_once('_')).map(|(hash, _)| hash);
    hash.is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()))
}
