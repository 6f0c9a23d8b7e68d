//! Reads and writes of accounts.

use rowcast_schema::username;
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, IdenStatic, Iterable, ModelTrait, QueryResult, Statement, Value,
    sea_query::{Alias, Expr, ExprTrait, LockType, Order, Query, SelectStatement},
};
use serde_json::value::RawValue;

use super::{Owner, UserTable};
use crate::{
    collection::{Collection, Column, Model, id_of},
    database::Transaction,
    error::Error,
    key::Key,
    migration::user_table,
    users::{Account, PasswordHash, User},
};

impl UserTable {
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
        let id = id_of::<C>(model);
        Account { id: id.into(), number: Some(id), username, password_hash: hash.map(PasswordHash) }
    }

    /// The account with this key.
    ///
    /// # Errors
    /// Any database error.
    pub async fn account(&self, db: &Transaction, id: &Key) -> Result<Option<Account>, DbErr> {
        let query = self.accounts().and_where(self.identity.condition(id)).to_owned();
        Ok(self.read(db, &query).await?.into_iter().next())
    }

    /// The user's number, if there is one.
    ///
    /// # Errors
    /// Any database error.
    pub(crate) async fn number(&self, db: &Transaction, id: &Key) -> Result<Option<i64>, DbErr> {
        match id {
            Key::Number(number) => Ok(Some(*number)),
            _ => Ok(self.account(db, id).await?.and_then(|account| account.number)),
        }
    }

    /// The account with this key, after the user was given a number.
    ///
    /// # Errors
    /// Any database error.
    pub(crate) async fn numbered_account(
        &self,
        db: &Transaction,
        id: &Key,
    ) -> Result<Option<Account>, DbErr> {
        self.identity.give_number(db, &self.source, id).await?;
        self.account(db, id).await
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
            Some(id) => self.account(db, id).await,
            None => Ok(None),
        }
    }

    /// The keys of users whose usernames have this canonical form.
    ///
    /// New usernames are stored in canonical form ([`username`]) and found by the table's index. Older ones, and
    /// those written by other programs, may be stored otherwise; a partial index covers those with upper-case or
    /// non-ASCII letters.
    ///
    /// # Errors
    /// Any database error.
    pub async fn alike(&self, db: &Transaction, name: &str) -> Result<Vec<Key>, DbErr> {
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
            .order_by_expr(self.identity.order(), Order::Asc)
            .to_owned();
        let mut non_canonical = self.read(db, &query).await?;
        non_canonical
            .retain(|one| one.username.as_deref().is_some_and(|known| username::compared(known) == name));
        Ok(non_canonical.into_iter().map(|one| one.id).collect())
    }

    /// All accounts with a username, in the order of their keys.
    ///
    /// # Errors
    /// Any database error.
    pub(crate) async fn all(&self, db: &Transaction) -> Result<Vec<Account>, DbErr> {
        let named = column(self.username).is_not_null();
        let query =
            self.accounts().and_where(named).order_by_expr(self.identity.order(), Order::Asc).to_owned();
        self.read(db, &query).await
    }

    /// An account that can sign in, except this one.
    ///
    /// # Errors
    /// Any database error.
    pub async fn any_other_account(
        &self,
        db: &Transaction,
        except: Option<&Key>,
    ) -> Result<Option<Account>, DbErr> {
        let query = self
            .accounts()
            .and_where(column(self.username).is_not_null())
            .and_where(column(self.password_hash).is_not_null())
            .and_where_option(except.map(|except| self.identity.condition(except).not()))
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
    pub async fn lock(&self, db: &Transaction, id: &Key, how: LockType) -> Result<(), DbErr> {
        if db.get_database_backend() == DbBackend::Postgres {
            let query = self.accounts().and_where(self.identity.condition(id)).lock(how).to_owned();
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
        id: &Key,
        before: Option<&PasswordHash>,
        hash: &PasswordHash,
    ) -> Result<bool, DbErr> {
        let query = Query::update()
            .table(self.source.clone())
            .value(Alias::new(self.password_hash), hash.0.as_str())
            .and_where(self.identity.condition(id))
            .and_where_option(before.map(|before| column(self.password_hash).eq(before.0.as_str())))
            .to_owned();
        Ok(db.execute(&query).await?.rows_affected() > 0)
    }

    /// The user with this number.
    ///
    /// # Errors
    /// Any database error.
    pub async fn user(&self, db: &Transaction, number: i64) -> Result<Option<User>, Error> {
        let Some(id) = self.identity.of_number(db, number).await? else { return Ok(None) };
        let row = (self.row)(db, id.clone()).await?;
        row.map(|row| self.user_from_row((id, number), row)).transpose()
    }

    /// The user of a row in JSON.
    fn user_from_row(&self, (id, number): (Key, i64), row: Box<RawValue>) -> Result<User, Error> {
        let fields: serde_json::Value =
            serde_json::from_str(row.get()).map_err(|error| Error::Internal(error.to_string()))?;
        let text = |field: &str| fields.get(field).and_then(|value| value.as_str()).map(str::to_owned);
        let username = text(self.username);
        let name = text(self.display_name).or_else(|| username.clone()).unwrap_or_default();
        Ok(User { id, number, name, username, row: row.into() })
    }

    fn accounts(&self) -> SelectStatement {
        let as_type = |name, type_name: &'static str| column(name).cast_as(Alias::new(type_name));
        let [key, number] = self.identity.selected();
        Query::select()
            .expr_as(key, Alias::new("key"))
            .expr_as(number, Alias::new("number"))
            .expr_as(as_type(self.username, "text"), Alias::new("username"))
            .expr_as(as_type(self.password_hash, "text"), Alias::new("password_hash"))
            .from(self.source.clone())
            .to_owned()
    }

    async fn read(&self, db: &Transaction, query: &SelectStatement) -> Result<Vec<Account>, DbErr> {
        let account = |row: &QueryResult| {
            let (key, number): (String, Option<i64>) = (row.try_get("", "key")?, row.try_get("", "number")?);
            let (username, hash) =
                (row.try_get("", "username")?, row.try_get::<Option<String>>("", "password_hash")?);
            let id = self.identity.key(&key);
            Ok(id.map(|id| Account { id, number, username, password_hash: hash.map(PasswordHash) }))
        };
        db.query_all(query).await?.iter().filter_map(|row| account(row).transpose()).collect()
    }
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
