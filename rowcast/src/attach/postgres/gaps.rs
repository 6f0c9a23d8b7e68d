//! Changes that triggers do not see, rows that the current role does not, and what others may notice.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ConnectionTrait;
use serde::Deserialize;

use super::{
    Installed,
    installed::State,
    query::{RELATIONS, query, relations},
    trigger::{self, Trigger},
};
use crate::{
    attach::{
        Remark, SCHEMA,
        name::{qualified, quoted},
        tracked::Tracked,
    },
    catalog::QualifiedName,
    error::Error,
};

/// Tables under row-level security for the current role, and tables that others inherit from.
const TABLES: &str = "
select n.nspname as schema, c.relname as name, pg_catalog.row_security_active(c.oid) as has_policies,
    c.relkind = 'r' and exists (select from pg_catalog.pg_inherits h where h.inhparent = c.oid) as has_heirs,
    pg_catalog.pg_get_userbyid(c.relowner) as owner, current_user as role
from {relations}
order by given.at";

/// Publications of all tables, or of all in the schema.
const PUBLICATIONS: &str = "
select p.pubname as name from pg_catalog.pg_publication p
where p.puballtables or exists (
    select from pg_catalog.pg_publication_tables t where t.pubname = p.pubname and t.schemaname = 'rowcast')
order by p.pubname";

#[derive(Deserialize)]
struct Publication {
    name: String,
}

impl Publication {
    fn remark(self) -> Remark {
        let sentence = format!(
            "The publication {} publishes the tables of Rowcast too, and subscribers without them stop: publish tables \
             or other schemas by name, or create the schema rowcast there (pg_dump --schema=rowcast --schema-only).",
            quoted(&self.name)
        );
        Remark { table: QualifiedName::new(SCHEMA, LOG), sentence }
    }
}

/// The table that is named for all of Rowcast's.
const LOG: &str = "rowcast_change_log";

#[derive(Deserialize)]
struct Table {
    #[serde(flatten)]
    name: QualifiedName,
    has_policies: bool,
    has_heirs: bool,
    owner: String,
    role: String,
}

pub(in crate::attach) async fn gaps<C: ConnectionTrait>(
    db: &C,
    tracked: &[Tracked<'_>],
) -> Result<Vec<Remark>, Error> {
    let installed = Installed::read(db).await?;
    let tables: Vec<Table> =
        query(db, &TABLES.replace("{relations}", RELATIONS), [relations(tracked)]).await?;
    let wanted: Vec<_> = tracked.iter().flat_map(trigger::wanted).map(|wanted| wanted.trigger).collect();
    let publications: Vec<Publication> = query(db, PUBLICATIONS, []).await?;
    let mut remarks: Vec<_> = publications.into_iter().map(Publication::remark).collect();
    let is_wanted: BTreeSet<&Trigger> = wanted.iter().collect();
    let own = installed.triggers.iter().filter(|(trigger, _)| is_wanted.contains(trigger));
    let copies = installed.copies.iter().map(|(trigger, state)| (trigger, state));
    let mut found: BTreeMap<&QualifiedName, Vec<(&Trigger, State)>> = BTreeMap::new();
    for (trigger, state) in own.chain(copies) {
        found.entry(&trigger.table).or_default().push((trigger, *state));
    }
    let mut missing: BTreeMap<&QualifiedName, Vec<&Trigger>> = BTreeMap::new();
    for trigger in wanted.iter().filter(|trigger| !installed.triggers.contains_key(trigger)) {
        missing.entry(&trigger.table).or_default().push(trigger);
    }
    for table in &tables {
        let (found, missing) = (found.remove(&table.name), missing.remove(&table.name));
        let mut sentences: Vec<String> =
            missing.iter().flatten().map(|trigger| table.without_trigger(&trigger.name)).collect();
        let found = found.iter().flatten();
        sentences.extend(found.filter_map(|(trigger, state)| table.of_state(&trigger.name, *state)));
        sentences.extend(table.of_rows());
        remarks.extend(sentences.into_iter().map(|sentence| Remark { table: table.name.clone(), sentence }));
    }
    Ok(remarks)
}

impl Table {
    fn without_trigger(&self, trigger: &str) -> String {
        format!(
            "The table {} has no trigger {trigger}, so that its changes are not seen. Attach again.",
            self.sql()
        )
    }

    fn of_state(&self, trigger: &str, state: State) -> Option<String> {
        let (table, name) = (self.sql(), quoted(trigger));
        match state {
            State::Always => None,
            State::Disabled | State::UnderReplication => Some(format!(
                "The trigger {trigger} on {table} is disabled, so that changes are not seen: alter table {table} \
                 enable always trigger {name}."
            )),
            State::ByDefault => Some(format!(
                "The trigger {trigger} on {table} does not fire under session_replication_role = replica, such as \
                 for a subscription. Only the owner of the table, {owner}, can mend that: alter table {table} enable always \
                 trigger {name}.",
                owner = quoted(&self.owner)
            )),
        }
    }

    fn of_rows(&self) -> impl Iterator<Item = String> {
        let table = self.sql();
        let policies = self.has_policies.then(|| {
            format!(
                "Row-level security of {table} may hide rows from the role {}; clients see only what it does.",
                quoted(&self.role)
            )
        });
        let heirs = self.has_heirs.then(|| {
            format!(
                "The table {table} shows rows of tables that inherit from it. Their changes are seen as changes of \
                 those tables alone."
            )
        });
        policies.into_iter().chain(heirs)
    }

    fn sql(&self) -> String {
        qualified(&self.name)
    }
}
