//! The table of users, by the names of its columns.

use futures_util::future::LocalBoxFuture;
use rowcast_schema::username;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait,
    QueryFilter, QueryResult, Statement, Value,
    sea_query::{Alias, Expr, ExprTrait, IntoTableRef, LockType, Order, Query, SelectStatement, TableRef},
};
use serde_json::value::{RawValue, to_raw_value};
use validator::ValidateEmail;

use super::{Account, PasswordHash, User, Users};
use crate::{
    collection::{Collection, Column, Model, id_of},
    database::Transaction,
    error::Error,
    migration::user_table,
};

/// Reads the row with an id as JSON.
pub(crate) type ReadRow = dyn for<'a> Fn(&'a Transaction, i64) -> LocalBoxFuture<'a, Result<Option<Box<RawValue>>, Error>>
    + Send
    + Sync;

/// The table of users.
pub struct UserTable {
    singular: &'static str,
    noun: String,
    name: &'static str,
    source: TableRef,
    row: Box<ReadRow>,
    id: &'static str,
    username: &'static str,
    password_hash: &'static str,
    display_name: &'static str,
    profile: fn(&str) -> serde_json::Value,
    is_email: bool,
    owner: Owner,
    program: &'static str,
    others_name: &'static str,
    others_row: &'static str,
}

/// Whose table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A migration has prepared it by `migration::user_table`, and usernames are canonical.
    Engine,
    /// Other programs use it too: usernames are as they spell them, and a new row has a password hash from the start.
    Others,
}

/// The columns of a table of others.
pub(crate) struct UserColumns {
    pub(crate) schema: Option<&'static str>,
    pub(crate) table: &'static str,
    pub(crate) id: &'static str,
    pub(crate) username: &'static str,
    pub(crate) password_hash: &'static str,
    pub(crate) display_name: &'static str,
}

impl UserTable {
    /// The table of a collection; `program` is the name of the command line program.
    pub(crate) fn of<C: Users>(program: &'static str) -> Self {
        let columns = UserColumns {
            schema: None,
            table: C::NAME,
            id: "id",
            username: C::USERNAME.as_str(),
            password_hash: C::PASSWORD_HASH.as_str(),
            display_name: C::DISPLAY_NAME,
        };
        let names = (C::NAME, C::SINGULAR);
        let read: Box<ReadRow> = Box::new(|db, id| Box::pin(row::<C>(db, id)));
        Self { profile: C::profile, owner: Owner::Engine, ..Self::of_table(names, columns, read, program) }
    }

    /// A table of others, as the collection with this name and singular.
    pub(crate) fn of_table(
        (name, singular): (&'static str, &'static str),
        columns: UserColumns,
        row: Box<ReadRow>,
        program: &'static str,
    ) -> Self {
        let others = |what: &str, command: &str| -> &'static str {
            crate::intern::intern(&format!("{what}, or whoever runs the server, by {program} user {command}"))
        };
        let UserColumns { schema, table, id, username, password_hash, display_name } = columns;
        let source = match schema {
            Some(schema) => (Alias::new(schema), Alias::new(table)).into_table_ref(),
            None => Alias::new(table).into_table_ref(),
        };
        Self {
            program,
            others_name: others("belongs to another member's account: only they can change it", "rename"),
            others_row: others("this is another member's account: only they can delete it", "remove"),
            singular,
            noun: singular.replace('_', " "),
            name,
            source,
            row,
            id,
            username,
            password_hash,
            display_name,
            profile: |_| serde_json::json!({}),
            is_email: false,
            owner: Owner::Others,
        }
    }

    /// The same with another noun for a row in sentences.
    pub(crate) fn called(self, noun: &str) -> Self {
        Self { noun: noun.to_owned(), ..self }
    }

    /// The same with email addresses as usernames.
    pub(crate) fn by_email(self) -> Self {
        Self { is_email: true, ..self }
    }

    /// The name of the table and the collection.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The name of one row.
    #[must_use]
    pub fn singular(&self) -> &'static str {
        self.singular
    }

    /// A noun for a row in sentences.
    #[must_use]
    pub fn noun(&self) -> &str {
        &self.noun
    }

    /// Whose table it is.
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// The column of the password hash.
    pub(crate) fn password_hash(&self) -> &'static str {
        self.password_hash
    }

    /// Checks a new username, besides its characters.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn check_username(&self, username: &str) -> Result<(), &'static str> {
        match self.is_email && !username.validate_email() {
            true => Err("must be an email address, as in ada@example.com"),
            false => Ok(()),
        }
    }

    /// The column of the username, and the field in payloads.
    #[must_use]
    pub fn username(&self) -> &'static str {
        self.username
    }

    /// The name of the command line program.
    pub(crate) fn program(&self) -> &'static str {
        self.program
    }

    /// The error for changing another user's username.
    pub(crate) fn others_name(&self) -> &'static str {
        self.others_name
    }

    /// The error for deleting another user.
    pub(crate) fn others_row(&self) -> &'static str {
        self.others_row
    }

    /// The payload of `new_…` for a user with this username.
    #[must_use]
    pub fn profile(&self, username: &str) -> serde_json::Value {
        (self.profile)(username)
    }

    /// Whether a migration has prepared the table by `migration::user_table`.
    ///
    /// # Errors
    /// Any database error.
    pub(crate) async fn is_prepared(&self, db: &Transaction) -> Result<bool, DbErr> {
        if self.owner == Owner::Others {
            // The triggers of the change log end its sign-ins.
            return Ok(true);
        }
        let (backend, name) = (db.get_database_backend(), user_table::trigger(self.name));
        let sql = match backend {
            DbBackend::Postgres => "select 1 from pg_trigger where tgname = $1 and tgrelid = to_regclass($2)",
            _ => "select 1 from sqlite_schema where type = 'trigger' and name = $1 and tbl_name = $2",
        };
        let ask = Statement::from_sql_and_values(backend, sql, [name.into(), self.name.into()]);
        Ok(db.query_one_raw(ask).await?.is_some())
    }

    /// The account of a row.
    pub(crate) fn account_of<C: Collection>(&self, model: &Model<C>) -> Account {
        let value = |name: &str| match Column::<C>::iter().find(|column| column.as_str() == name) {
            Some(column) => text(model.get(column)),
            None => None,
        };
        let (username, hash) = (value(self.username), value(self.password_hash));
        Account { id: id_of::<C>(model), username, password_hash: hash.map(PasswordHash) }
    }

    /// The account with this id.
    ///
    /// # Errors
    /// Any database error.
    pub async fn account(&self, db: &Transaction, id: i64) -> Result<Option<Account>, DbErr> {
        let query = self.accounts().and_where(column(self.id).eq(id)).to_owned();
        Ok(self.read(db, &query).await?.into_iter().next())
    }

    /// The account with this username. If several usernames have the same canonical form, an exact match is
    /// preferred, then the canonical spelling, then the oldest row.
    ///
    /// # Errors
    /// Any database error.
    pub async fn by_username(&self, db: &Transaction, typed: &str) -> Result<Option<Account>, DbErr> {
        let name = username::compared(typed);
        let query = self.accounts().and_where(column(self.username).is_in([typed, &*name])).to_owned();
        let found = self.read(db, &query).await?;
        let spelled = |spelling: &str| -> Vec<&Account> {
            found.iter().filter(|one| one.username.as_deref() == Some(spelling)).collect()
        };
        for spelling in [typed, &*name] {
            match spelled(spelling)[..] {
                [] => {}
                [_, _, ..] if self.owner == Owner::Others => {
                    tracing::warn!(
                        table = self.name,
                        "several rows have one username: none of them can sign in"
                    );
                    return Ok(None);
                }
                [account, ..] => return Ok(Some(account.clone())),
            }
        }
        if self.owner == Owner::Others {
            return Ok(None);
        }
        match self.alike(db, &name).await?.first() {
            Some(id) => self.account(db, *id).await,
            None => Ok(None),
        }
    }

    /// The ids of users whose usernames have this canonical form.
    ///
    /// New usernames are stored in canonical form ([`username`]) and found by the table's index. Older ones, and
    /// those written by other programs, may be stored otherwise; a partial index covers those with upper-case or
    /// non-ASCII letters.
    ///
    /// # Errors
    /// Any database error.
    pub async fn alike(&self, db: &Transaction, name: &str) -> Result<Vec<i64>, DbErr> {
        let column = format!("\"{}\"", self.username.replace('"', "\"\""));
        let bytes = match db.get_database_backend() {
            DbBackend::Postgres => format!("octet_length({column})"),
            _ => format!("length(cast({column} as blob))"),
        };
        // Must equal the expression of the index.
        let is_non_canonical = format!(
            "(case when lower({column}) <> {column} or length({column}) <> {bytes} then 1 else 0 end) = 1"
        );
        let query = self
            .accounts()
            .and_where(Expr::cust(is_non_canonical))
            .order_by(Alias::new(self.id), Order::Asc)
            .to_owned();
        let mut non_canonical = self.read(db, &query).await?;
        non_canonical
            .retain(|one| one.username.as_deref().is_some_and(|known| username::compared(known) == name));
        Ok(non_canonical.into_iter().map(|one| one.id).collect())
    }

    /// All accounts with a username, in the order of their ids.
    ///
    /// # Errors
    /// Any database error.
    pub(crate) async fn all(&self, db: &Transaction) -> Result<Vec<Account>, DbErr> {
        let named = column(self.username).is_not_null();
        self.read(db, &self.accounts().and_where(named).order_by(Alias::new(self.id), Order::Asc).to_owned())
            .await
    }

    /// An account that can sign in, except this one.
    ///
    /// # Errors
    /// Any database error.
    pub async fn any_other_account(
        &self,
        db: &Transaction,
        except: Option<i64>,
    ) -> Result<Option<Account>, DbErr> {
        let query = self
            .accounts()
            .and_where(column(self.username).is_not_null())
            .and_where(column(self.password_hash).is_not_null())
            .and_where_option(except.map(|except| column(self.id).ne(except)))
            .limit(1)
            .to_owned();
        Ok(self.read(db, &query).await?.into_iter().next())
    }

    /// Password hashes of some users, at most 100.
    ///
    /// # Errors
    /// Any database error.
    pub(crate) async fn some_hashes(&self, db: &Transaction) -> Result<Vec<PasswordHash>, DbErr> {
        let query = self.accounts().and_where(column(self.password_hash).is_not_null()).limit(100).to_owned();
        Ok(self.read(db, &query).await?.into_iter().filter_map(|account| account.password_hash).collect())
    }

    /// Locks a user's row against changes (`LockType::Update`) or deletion (`LockType::KeyShare`) until the
    /// transaction ends. SQLite has one writer and needs no lock.
    ///
    /// # Errors
    /// Any database error.
    pub async fn lock(&self, db: &Transaction, id: i64, how: LockType) -> Result<(), DbErr> {
        if db.get_database_backend() == DbBackend::Postgres {
            let query = self.accounts().and_where(column(self.id).eq(id)).lock(how).to_owned();
            db.query_all(&query).await?;
        }
        Ok(())
    }

    /// Stores a user's password hash; with `before`, only if that is the current one. Returns whether it was stored.
    ///
    /// # Errors
    /// Any database error.
    pub async fn set_password_hash(
        &self,
        db: &Transaction,
        id: i64,
        before: Option<&PasswordHash>,
        hash: &PasswordHash,
    ) -> Result<bool, DbErr> {
        let query = Query::update()
            .table(self.source.clone())
            .value(Alias::new(self.password_hash), hash.0.as_str())
            .and_where(column(self.id).eq(id))
            .and_where_option(before.map(|before| column(self.password_hash).eq(before.0.as_str())))
            .to_owned();
        Ok(db.execute(&query).await?.rows_affected() > 0)
    }

    /// The user with this id.
    ///
    /// # Errors
    /// Any database error.
    pub async fn user(&self, db: &Transaction, id: i64) -> Result<Option<User>, Error> {
        (self.row)(db, id).await?.map(|row| self.user_from_row(id, row)).transpose()
    }

    /// The user of a row in JSON.
    fn user_from_row(&self, id: i64, row: Box<RawValue>) -> Result<User, Error> {
        let fields: serde_json::Value =
            serde_json::from_str(row.get()).map_err(|error| Error::Internal(error.to_string()))?;
        let text = |field: &str| fields.get(field).and_then(|value| value.as_str()).map(str::to_owned);
        let username = text(self.username);
        let name = text(self.display_name).or_else(|| username.clone()).unwrap_or_default();
        Ok(User { id, name, username, row: row.into() })
    }

    fn accounts(&self) -> SelectStatement {
        let as_type = |name, type_name: &'static str| column(name).cast_as(Alias::new(type_name));
        Query::select()
            .expr_as(as_type(self.id, "bigint"), Alias::new("id"))
            .expr_as(as_type(self.username, "text"), Alias::new("username"))
            .expr_as(as_type(self.password_hash, "text"), Alias::new("password_hash"))
            .from(self.source.clone())
            .to_owned()
    }

    async fn read(&self, db: &Transaction, query: &SelectStatement) -> Result<Vec<Account>, DbErr> {
        let account = |row: &QueryResult| {
            let password_hash: Option<String> = row.try_get("", "password_hash")?;
            let (id, username) = (row.try_get("", "id")?, row.try_get("", "username")?);
            Ok(Account { id, username, password_hash: password_hash.map(PasswordHash) })
        };
        db.query_all(query).await?.iter().map(account).collect()
    }
}

async fn row<C: Collection>(db: &Transaction, id: i64) -> Result<Option<Box<RawValue>>, Error> {
    let Some(model) = C::Entity::find().filter(C::ID.eq(id)).one(db).await? else { return Ok(None) };
    let row = C::rows(db, vec![model]).await?.into_iter().next();
    let json = |row| to_raw_value(&row).map_err(|error| Error::Internal(error.to_string()));
    row.map(json).transpose()
}

fn column(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => text,
        _ => None,
    }
}
