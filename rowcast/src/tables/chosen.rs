//! From the names that a person writes to the choice that a database remembers.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend};

use super::load::current_schema;
use crate::{
    attach::Choice,
    catalog::{self, Catalog, QualifiedName, Table, rows::rows},
    database::Transaction,
    error::Error,
    project::{Settings, did_you_mean, list, no_table},
};

/// The names of a choice. None at all: what the database remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenNames {
    /// Schemas of PostgreSQL.
    pub schemas: Vec<String>,
    /// Tables, each as its name or as `schema.table`; `*` for all.
    pub tables: Vec<String>,
}

/// The name that stands for all tables.
const ALL: &str = "*";

const SCHEMAS: &str = "select pg_catalog.to_json(nspname::pg_catalog.text)::pg_catalog.text as json
    from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'rowcast')";

impl ChosenNames {
    /// The settings without those that the names replace.
    pub(super) fn precede(&self, settings: &Settings) -> Settings {
        let mut settings = settings.clone();
        if !self.schemas.is_empty() {
            settings.database.schemas.clear();
        }
        if !self.tables.is_empty() {
            settings.include.clear();
        }
        settings
    }

    /// What servers with these settings do otherwise, in a sentence each.
    pub(super) fn contradicted_by(&self, settings: &Settings) -> Vec<String> {
        let is_other = |ours: &[String], theirs: &[String]| {
            let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) = (ours.iter().collect(), theirs.iter().collect());
            !ours.is_empty() && !theirs.is_empty() && ours != theirs
        };
        let key = |key: &str, option: &str| {
            format!(
                "rowcast.toml has `{key}`, which takes precedence over {option} wherever the file is read: change it too."
            )
        };
        let schemas = is_other(&self.schemas, &settings.database.schemas).then(|| key("schemas", "--schema"));
        let tables = is_other(&self.tables, &settings.include).then(|| key("include", "--tables"));
        schemas.into_iter().chain(tables).collect()
    }

    /// The choice; none if there are no names.
    pub(super) async fn resolve(
        &self,
        db: &Transaction,
        settings: &Settings,
    ) -> Result<Option<Choice>, Error> {
        if self.schemas.is_empty() && self.tables.is_empty() {
            return Ok(None);
        }
        let is_postgres = db.get_database_backend() == DbBackend::Postgres;
        if !is_postgres && !self.schemas.is_empty() {
            return Err(Error::Refused("SQLite has no schemas: leave --schema out".into()));
        }
        let existing: Vec<String> = if is_postgres { rows(db, SCHEMAS, []).await? } else { Vec::new() };
        let unknown = self.schemas.iter().filter(|schema| !existing.contains(schema)).map(|schema| {
            let near = did_you_mean(schema, existing.iter().map(String::as_str));
            format!("the database has no schema `{schema}`{near}")
        });
        let mut mistakes: Vec<String> = unknown.collect();
        let mut tables = BTreeSet::new();
        if self.tables != [ALL] && !self.tables.is_empty() && mistakes.is_empty() {
            let place = Place {
                catalog: catalog::read(db, &catalog::Options::default()).await?,
                schemas: self.schemas_of_names(db, settings, is_postgres).await?,
                is_limited: !self.schemas.is_empty() || !settings.database.schemas.is_empty(),
                settings,
            };
            for name in &self.tables {
                match place.find(name.trim()) {
                    Ok(table) => drop(tables.insert(table.name.clone())),
                    Err(mistake) => mistakes.push(mistake),
                }
            }
        }
        match mistakes.is_empty() {
            true => Ok(Some(Choice { schemas: self.schemas.iter().cloned().collect(), tables })),
            false => Err(Error::Refused(mistakes.join("\n"))),
        }
    }

    /// The schemas in which a name without a schema is looked for.
    async fn schemas_of_names(
        &self,
        db: &Transaction,
        settings: &Settings,
        is_postgres: bool,
    ) -> Result<Vec<String>, Error> {
        Ok(match (&self.schemas[..], &settings.database.schemas[..]) {
            _ if !is_postgres => vec![catalog::SQLITE_SCHEMA.to_owned()],
            ([], []) => vec![current_schema(db).await?],
            ([], schemas) | (schemas, _) => schemas.to_vec(),
        })
    }
}

/// Where names are looked for.
struct Place<'s> {
    /// All schemas.
    catalog: Catalog,
    /// Those of names without one.
    schemas: Vec<String>,
    /// Whether names with a schema must have one of these too.
    is_limited: bool,
    settings: &'s Settings,
}

impl Place<'_> {
    fn find(&self, name: &str) -> Result<&Table, String> {
        let (here, elsewhere): (Vec<&Table>, Vec<&Table>) =
            self.named(name).into_iter().partition(|table| self.schemas.contains(&table.name.schema));
        match (here.as_slice(), elsewhere.as_slice()) {
            ([table], _) => self.usable(table),
            ([], []) => self.find_qualified(name),
            ([], others) => Err(format!(
                "`{name}` is a table of another schema: write {}",
                either(others.iter().map(|table| &table.name))
            )),
            (several, _) => Err(format!(
                "several schemas have a table `{name}`: write {}",
                either(several.iter().map(|table| &table.name))
            )),
        }
    }

    fn named(&self, name: &str) -> Vec<&Table> {
        self.catalog.tables.iter().filter(|table| table.name.name == name).collect()
    }

    /// A name may contain dots itself.
    fn find_qualified(&self, name: &str) -> Result<&Table, String> {
        let mut parts = name.match_indices('.').map(|(at, _)| (&name[..at], &name[at + 1..]));
        let table = parts.find_map(|(schema, name)| self.catalog.table(schema, name));
        let table = table.ok_or_else(|| no_table(&self.catalog, name))?;
        let schema = &table.name.schema;
        match self.is_limited && !self.schemas.contains(schema) {
            true => Err(format!(
                "`{name}` is in the schema `{schema}`, and only {} chosen: choose it too",
                match self.schemas.as_slice() {
                    [one] => format!("`{one}` is"),
                    several => format!("{} are", list(several)),
                }
            )),
            false => self.usable(table),
        }
    }

    fn usable<'t>(&self, table: &'t Table) -> Result<&'t Table, String> {
        let QualifiedName { schema, name } = &table.name;
        if let Some(whole) = &table.partition_of {
            return Err(format!("`{name}` is a partition: choose `{}`", whole.name));
        }
        match self.settings.excludes(schema, name) {
            true => Err(format!(
                "`{name}` is excluded by a pattern of `exclude` in rowcast.toml: change one of them"
            )),
            false => Ok(table),
        }
    }
}

fn either<'n>(names: impl Iterator<Item = &'n QualifiedName>) -> String {
    names.map(|name| format!("`{}.{}`", name.schema, name.name)).collect::<Vec<_>>().join(" or ")
}
