//! The table of users, by the names of its columns.

use futures_util::future::LocalBoxFuture;
use rowcast_schema::username;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait,
    QueryFilter, QueryResult, Statement, Value,
    sea_query::{Alias, Expr, ExprTrait, LockType, Order, Query, SelectStatement},
};
use serde_json::value::{RawValue, to_raw_value};

use super::{Account, PasswordHash, User, Users};
use crate::{
    collection::{Collection, Column, Model, id_of},
    database::Transaction,
    error::Error,
    migration::user_table,
};

/// Reads the row with an id as JSON.
type ReadRow = dyn for<'a> Fn(&'a Transaction, i64) -> LocalBoxFuture<'a, Result<Option<Box<RawValue>>, Error>>
    + Send
    + Sync;

/// The table of users.
pub struct UserTable {
    singular: &'static str,
    name: &'static str,
    row: Box<ReadRow>,
    username: &'static str,
    password_hash: &'static str,
    display_name: &'static str,
    profile: fn(&str) -> serde_json::Value,
    program: &'static str,
    others_name: &'static str,
    others_row: &'static str,
}

impl UserTable {
    /// The table of a collection; `program` is the name of the command line program.
    pub(crate) fn of<C: Users>(program: &'static str) -> Self {
        let others = |what: &str, command: &str| -> &'static str {
            Box::leak(
                format!("{what}, or whoever runs the server, by {program} user {command}").into_boxed_str(),
            )
        };
        Self {
            program,
            others_name: others("belongs to another member's account: only they can change it", "rename"),
            others_row: others("this is another member's account: only they can delete it", "delete"),
            singular: C::SINGULAR,
            name: C::NAME,
            row: Box::new(|db, id| Box::pin(row::<C>(db, id))),
            username: C::USERNAME.as_str(),
            password_hash: C::PASSWORD_HASH.as_str(),
            display_name: C::DISPLAY_NAME,
            profile: C::profile,
        }
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
        let query = self.accounts().and_where(column("id").eq(id)).to_owned();
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
        let spelled = |spelling: &str| found.iter().find(|one| one.username.as_deref() == Some(spelling));
        if let Some(account) = spelled(typed).or_else(|| spelled(&name)) {
            return Ok(Some(account.clone()));
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
        let column = self.username;
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
            .order_by(Alias::new("id"), Order::Asc)
            .to_owned();
        let mut non_canonical = self.read(db, &query).await?;
        non_canonical
            .retain(|one| one.username.as_deref().is_some_and(|known| username::compared(known) == name));
        Ok(non_canonical.into_iter().map(|one| one.id).collect())
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
            .and_where_option(except.map(|except| column("id").ne(except)))
            .limit(1)
            .to_owned();
        Ok(self.read(db, &query).await?.into_iter().next())
    }

    /// Locks a user's row against changes (`LockType::Update`) or deletion (`LockType::KeyShare`) until the
    /// transaction ends. SQLite has one writer and needs no lock.
    ///
    /// # Errors
    /// Any database error.
    pub async fn lock(&self, db: &Transaction, id: i64, how: LockType) -> Result<(), DbErr> {
        if db.get_database_backend() == DbBackend::Postgres {
            let query = self.accounts().and_where(column("id").eq(id)).lock(how).to_owned();
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
            .table(Alias::new(self.name()))
            .value(Alias::new(self.password_hash), hash.0.as_str())
            .and_where(column("id").eq(id))
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
        let (name, username) = (text(self.display_name).unwrap_or_default(), text(self.username));
        Ok(User { id, name, username, row: row.into() })
    }

    fn accounts(&self) -> SelectStatement {
        Query::select()
            .columns(["id", self.username, self.password_hash].map(Alias::new))
            .from(Alias::new(self.name()))
            .to_owned()
    }

    async fn read(&self, db: &Transaction, query: &SelectStatement) -> Result<Vec<Account>, DbErr> {
        let account = |row: &QueryResult| {
            let password_hash: Option<String> = row.try_get("", self.password_hash)?;
            let (id, username) = (row.try_get("", "id")?, row.try_get("", self.username)?);
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
