//! The settings of a project, from `rowcast.toml`.
//!
//! ```toml
//! [server]
//! bind = "127.0.0.1:5555"
//!
//! [collections]
//! include = ["orders", "order_*"]
//!
//! [collections.orders]
//! embed = { customer = ["id", "name"] }
//! ```
//!
//! All keys are optional. [`Settings::parse`] reports mistakes of the text alone; [`validate`](super::validate()) compares
//! the settings with the database.

mod defaults;
mod lines;
mod parse;
mod reader;
mod selection;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{
    address::Bind, base_path::BasePath, catalog::QualifiedName, config::AccessMode, database::DatabaseUrl,
};

use super::Mistake;
pub(super) use lines::Lines;
pub(crate) use selection::LeftOut;
pub(super) use selection::is_meant;

/// The name of the file.
pub const FILE: &str = "rowcast.toml";

/// The settings of a project.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `[server]`.
    pub server: ServerSettings,
    /// `[database]`.
    pub database: DatabaseSettings,
    /// `output` of `[types]`: the file of the generated TypeScript.
    pub types_output: Option<PathBuf>,
    /// `module` of `[types]`: the module that declares the types of JSON columns, as the generated file imports it.
    pub types_module: Option<String>,
    /// `include` of `[collections]`: patterns of the tables that are collections, all if there are none; see
    /// [`matches`](super::matches).
    pub include: Vec<String>,
    /// `exclude` of `[collections]`: patterns of tables that are no collections, although `include` may match them.
    pub exclude: Vec<String>,
    /// Each `[collections.<table>]`, ordered by table.
    pub collections: Vec<CollectionSettings>,
    /// `[accounts]`. Nobody signs in if there is none.
    pub accounts: Option<AccountSettings>,
    /// The tables that were chosen when the database was attached; all if there are none.
    pub(crate) chosen: BTreeSet<QualifiedName>,
    /// The lines of all keys.
    pub(super) lines: Lines,
}

/// The settings of a server. A flag or environment variable takes precedence; see [`Settings::as_defaults`].
#[derive(Clone, Debug, Default)]
pub struct ServerSettings {
    /// `--bind`.
    pub bind: Option<Bind>,
    /// `--access`.
    pub access: Option<AccessMode>,
    /// `--origins`.
    pub origins: Vec<String>,
    /// `--web`, relative to the project's folder.
    pub web: Option<PathBuf>,
    /// `--base-path`.
    pub base_path: Option<BasePath>,
}

/// The settings of a database.
#[derive(Clone, Debug, Default)]
pub struct DatabaseSettings {
    /// `--database-url`.
    pub url: Option<DatabaseUrl>,
    /// The schemas of PostgreSQL whose tables are collections. If there are none, those that were chosen when the
    /// database was attached, or that in which tables are made.
    pub schemas: Vec<String>,
}

/// The settings of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionSettings {
    /// The table's name, or `schema.table`.
    pub table: String,
    /// The collection's name, if it is not the table's.
    pub name: Option<String>,
    /// The singular, in names of events.
    pub singular: Option<String>,
    /// Columns that clients are not shown.
    pub hidden: Vec<String>,
    /// Columns that payloads do not set.
    pub read_only: Vec<String>,
    /// Columns of types that are hidden by default, which are shown.
    pub show: Vec<String>,
    /// Whether its rows are sent live. If not, it can be listed.
    pub live: bool,
    /// Embedded rows of other tables: the name of the object, and its columns; see [`embeds`](super::embeds).
    pub embed: BTreeMap<String, Vec<String>>,
    /// TypeScript types of JSON columns, which `types_module` declares.
    pub types: BTreeMap<String, String>,
}

impl CollectionSettings {
    /// The defaults of a table.
    #[must_use]
    pub fn of(table: &str) -> Self {
        Self {
            table: table.to_owned(),
            name: None,
            singular: None,
            hidden: Vec::new(),
            read_only: Vec::new(),
            show: Vec::new(),
            live: true,
            embed: BTreeMap::new(),
            types: BTreeMap::new(),
        }
    }
}

/// The accounts of users who sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountSettings {
    /// The engine's own table.
    Own {
        /// What users sign in with.
        login: Login,
    },
    /// A table of the project.
    Table {
        /// The table's name, or `schema.table`.
        table: String,
        /// The column of usernames.
        username: String,
        /// The column of password hashes.
        password: String,
        /// The column of names that others see, if it is not that of usernames.
        name: Option<String>,
    },
}

/// What users of the engine's own accounts sign in with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Login {
    /// A name.
    #[default]
    Name,
    /// An email address.
    Email,
}

impl Settings {
    /// Reads the file of a project in this folder. Without a file all settings have their defaults.
    ///
    /// # Errors
    /// All mistakes.
    pub fn read(folder: &Path) -> Result<Self, Vec<Mistake>> {
        let cannot = |reason: &dyn std::fmt::Display| {
            vec![Mistake::new(FILE, None, format!("cannot be read: {reason}"))]
        };
        match std::fs::read(folder.join(FILE)) {
            Ok(bytes) => Self::parse(&String::from_utf8(bytes).map_err(|_| cannot(&"it must be UTF-8"))?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(cannot(&error)),
        }
    }

    /// Parses the text of the file.
    ///
    /// # Errors
    /// All mistakes of syntax, unknown keys, and values of other types.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        parse::parse(text)
    }

    /// The settings of a table, if there are any.
    #[must_use]
    pub fn collection(&self, schema: &str, table: &str) -> Option<&CollectionSettings> {
        let qualified = format!("{schema}.{table}");
        let by = |name: &str| self.collections.iter().find(|collection| collection.table == name);
        by(&qualified).or_else(|| by(table))
    }

    /// The column with password hashes, if rows of this table sign in.
    #[must_use]
    pub fn password_column(&self, schema: &str, table: &str) -> Option<&str> {
        match &self.accounts {
            Some(AccountSettings::Table { table: of, password, .. })
                if *of == table || *of == format!("{schema}.{table}") =>
            {
                Some(password)
            }
            _ => None,
        }
    }

    /// The settings of the commands by which an operator manages users: they write the password hash.
    #[must_use]
    pub(crate) fn of_operator(&self) -> Self {
        let Some(AccountSettings::Table { password, table, .. }) = &self.accounts else {
            return self.clone();
        };
        let mut settings = Self { accounts: None, ..self.clone() };
        let is_it = |own: &&mut CollectionSettings| {
            own.table == *table
                || own.table.ends_with(&format!(".{table}"))
                || table.ends_with(&format!(".{}", own.table))
        };
        for own in settings.collections.iter_mut().filter(is_it) {
            own.hidden.retain(|column| column != password);
            own.read_only.clear();
        }
        settings
    }
}
