//! Users of a project without Rust: accounts of the engine, or rows of a table of the project.
//!
//! Clients never see a password hash. Where signing in is required, the rules for accounts apply to the rows of the
//! table: see [`crate::accounts`].

mod keys;

use std::sync::Arc;

use rowcast_schema::FieldErrors;
use schemars::generate::SchemaSettings;
use serde_json::value::RawValue;

use keys::KeysOfTable;

use super::{
    collection::TableCollection,
    definition::Definition,
    load::{Loaded, load},
    payload::Values,
};
use crate::{
    accounts::{authorize_delete_of, record_change_of, validate_name_of},
    attach,
    catalog::Catalog,
    context::Context,
    database::{Database, Transaction},
    error::Error,
    intern::intern,
    key::Key,
    project::{
        self,
        settings::{AccountSettings, Login, Settings},
    },
    registry::Registry,
    users::{
        Account, ReadRow, UserColumns, UserTable,
        own::{RowcastAccount, RowcastAccounts},
    },
};

/// The account of a row, with its table.
type Found = Option<(Arc<UserTable>, Account)>;

/// Adds the users that the settings name; `table` is the table of them, if they are rows of one.
pub(super) fn with_users(
    registry: Registry,
    settings: &Settings,
    table: Option<TableOfUsers>,
) -> Result<Registry, String> {
    let program = registry.program();
    match &settings.accounts {
        None => Ok(registry),
        Some(AccountSettings::Own { login }) => {
            let schema = own_schema();
            Ok(registry
                .with_users(own(*login, program), move |contract| contract.schema_users(schema.clone())))
        }
        Some(AccountSettings::Table { table: name, .. }) => {
            let table = table
                .ok_or_else(|| format!("rowcast.toml: the table `{name}` of [accounts] is no collection"))?;
            let plural = table.table.name;
            let users = of_table(table, settings, program)?;
            Ok(registry.with_users(users, move |contract| contract.table_users(plural)))
        }
    }
}

/// The engine's own accounts.
pub(super) fn own(login: Login, program: &'static str) -> UserTable {
    let users = UserTable::of::<RowcastAccounts>(program).called("account");
    match login {
        Login::Name => users,
        Login::Email => users.by_email(),
    }
}

/// The registry with the events by which an operator manages users.
///
/// # Errors
/// A sentence with the reason.
pub(crate) async fn registry_of_operator(
    db: &Database,
    settings: &Settings,
    base: &Registry,
) -> Result<Registry, String> {
    let program = base.program();
    match &settings.accounts {
        None => Err("rowcast.toml has no section [accounts], so nobody signs in: add one".into()),
        Some(AccountSettings::Own { login }) => {
            let registry = Registry::builder(program).with::<RowcastAccounts>().try_build()?;
            Ok(registry.with_users(own(*login, program), |_| ()))
        }
        Some(AccountSettings::Table { .. }) => {
            let problem = |error: Error| format!("--database-url: {error}");
            let loaded = load(db, settings).await.map_err(problem)?;
            let Loaded { catalog, accounts, settings: effective, .. } = loaded;
            let mistakes = project::validate(&effective, &catalog);
            if !mistakes.is_empty() {
                return Err(project::lines(&mistakes));
            }
            let table = accounts.ok_or("rowcast.toml: the table of [accounts] is no collection")?;
            let users = of_table(table, settings, program)?;
            let Loaded { collections, .. } = load(db, &settings.of_operator()).await.map_err(problem)?;
            Ok(base.with_collections(collections, None)?.with_users(users, |_| ()))
        }
    }
}

/// An account as clients see it.
fn own_schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<RowcastAccount>();
    schema.remove("$schema");
    schema.remove("title");
    schema.to_value()
}

/// A table whose rows sign in.
pub(super) struct TableOfUsers {
    pub(super) table: Arc<Definition>,
    /// The key of a row `t` as the triggers write it, in SQL.
    logged_key: String,
}

/// The table that the settings name.
pub(super) fn find(all: &[TableCollection], catalog: &Catalog, settings: &Settings) -> Option<TableOfUsers> {
    let Some(AccountSettings::Table { table, .. }) = &settings.accounts else { return None };
    let is_it = |definition: &Definition| {
        let name = &definition.qualified;
        name.name == *table || format!("{}.{}", name.schema, name.name) == *table
    };
    let TableCollection(table) = all.iter().find(|TableCollection(definition)| is_it(definition))?;
    let of_catalog = catalog.table(&table.qualified.schema, &table.qualified.name)?;
    let logged_key = attach::key_expression(of_catalog, "t", table.backend())?;
    Some(TableOfUsers { table: table.clone(), logged_key })
}

/// What the triggers need to know of the table of users.
pub(super) fn signs_in(table: &Definition, settings: &Settings) -> Option<attach::Users> {
    let Some(AccountSettings::Table { password, .. }) = &settings.accounts else { return None };
    Some(attach::Users { table: table.qualified.clone(), password: password.clone() })
}

/// The users of a table of the project.
pub(super) fn of_table(
    TableOfUsers { table, logged_key }: TableOfUsers,
    settings: &Settings,
    program: &'static str,
) -> Result<UserTable, String> {
    let Some(AccountSettings::Table { username, password, name, .. }) = &settings.accounts else {
        return Err("rowcast.toml: [accounts] names no table".into());
    };
    let first = table.key_columns.first();
    let first = first.ok_or_else(|| format!("rowcast.toml: users of `{}` need a key", table.name))?;
    let is_number = matches!(&table.key[..], [key] if table.fields[*key].value_type.is_integer());
    let columns = UserColumns {
        schema: table.is_postgres.then(|| intern(&table.qualified.schema)),
        table: intern(&table.qualified.name),
        id: first.name,
        keys: (!is_number).then(|| KeysOfTable::boxed(table.clone(), logged_key)),
        username: intern(username),
        password_hash: intern(password),
        display_name: intern(name.as_ref().unwrap_or(username)),
    };
    let names = (table.name, table.singular);
    let of = table.clone();
    let row: Box<ReadRow> = Box::new(move |db, key| Box::pin(row(of.clone(), db, key)));
    Ok(UserTable::of_table(names, columns, row, program))
}

async fn row(of: Arc<Definition>, db: &Transaction, key: Key) -> Result<Option<Box<RawValue>>, Error> {
    Ok(of.find(db, &key, false).await?.map(|row| row.json))
}

impl Definition {
    /// The account of a row, if the rows are users.
    pub(super) async fn account(&self, context: &Context<'_>, key: &Key) -> Result<Found, Error> {
        let users = context.accounts.users.as_ref().filter(|users| users.name() == self.name);
        let Some(users) = users else { return Ok(None) };
        Ok(users.account(context.db, key).await?.map(|account| (users.clone(), account)))
    }

    /// The errors of a new username, by the rules for accounts.
    pub(super) async fn username_errors(
        &self,
        context: &Context<'_>,
        found: &Found,
        values: &Values,
    ) -> Result<FieldErrors, Error> {
        let mut errors = FieldErrors::new();
        if let Some((users, account)) = found
            && let Some((at, _)) = self.field(users.username())
            && let Some(new) = values.get(&at)
        {
            validate_name_of(context, users, account, new.as_deref(), &mut errors).await?;
        }
        Ok(errors)
    }

    /// Fails if the caller may not delete the row, by the rules for accounts.
    pub(super) async fn authorize_delete(&self, context: &Context<'_>, found: &Found) -> Result<(), Error> {
        match found {
            Some((users, account)) => authorize_delete_of(context, users, account).await,
            None => Ok(()),
        }
    }

    /// Records a change of an account. A rename ends the sign-ins of its user.
    pub(super) async fn record_account(
        &self,
        context: &Context<'_>,
        before: Found,
        after: Found,
    ) -> Result<(), Error> {
        let users = before.as_ref().or(after.as_ref()).map(|(users, _)| users.clone());
        let Some(users) = users else { return Ok(()) };
        let account = |found: Found| found.map(|(_, account)| account);
        Ok(record_change_of(context, &users, account(before), account(after)).await?)
    }
}
