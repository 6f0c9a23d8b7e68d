//! Keys of users in SQL.
//!
//! The engine's tables refer to users by numbers. If the key of the table is one integer, it is the number. Otherwise the
//! table `rowcast_user_keys` gives each key a number at the first sign-in, and the triggers of the change log delete it with
//! the row.

use sea_orm::{
    ConnectionTrait, DbErr, Statement,
    sea_query::{Alias, Expr, ExprTrait, OnConflict, Query, SimpleExpr, TableRef},
};

use crate::{
    database::Transaction,
    key::{Key, KeyColumn},
};

const NUMBERS: &str = "rowcast_user_keys";
const USER_KEY: &str = "user_key";

/// The table as all expressions name it.
pub(super) const ALIAS: &str = "t";

/// The key of a table of users, in SQL. The table is `t`.
pub(crate) trait UserKeys: Send + Sync {
    /// The columns of the key.
    fn columns(&self) -> &'static [KeyColumn];
    /// The condition that the row has this key.
    fn condition(&self, key: &Key) -> SimpleExpr;
    /// The key as the triggers of the change log write it.
    fn logged(&self) -> &str;
    /// The key of such a text.
    fn parse(&self, logged: &str) -> Option<Key>;
}

/// How rows of users are identified.
pub(super) enum Identity {
    /// By the integer of this column.
    Number([KeyColumn; 1]),
    /// By a key of another kind.
    Keys(Box<dyn UserKeys>),
}

impl Identity {
    pub(super) fn columns(&self) -> &[KeyColumn] {
        match self {
            Self::Number(column) => column,
            Self::Keys(keys) => keys.columns(),
        }
    }

    /// The condition that the row has this key.
    pub(super) fn condition(&self, key: &Key) -> SimpleExpr {
        match (self, key) {
            (Self::Number([column]), Key::Number(number)) => Expr::col((ALIAS, column.name)).eq(*number),
            (Self::Number(_), _) => Expr::val(1).eq(0),
            (Self::Keys(keys), key) => keys.condition(key),
        }
    }

    /// The key and the user's number, as [`key`](Self::key) reads them. A number is null for a user without one.
    pub(super) fn selected(&self) -> [SimpleExpr; 2] {
        match self {
            Self::Number([column]) => {
                let number = || Expr::col((ALIAS, column.name)).cast_as("bigint");
                [number().cast_as("text"), number()]
            }
            Self::Keys(keys) => {
                let logged = keys.logged();
                let number = format!("(select k.id from {NUMBERS} k where k.{USER_KEY} = {logged})");
                [Expr::cust(logged.to_owned()), Expr::cust(number)]
            }
        }
    }

    /// The expression to sort by.
    pub(super) fn order(&self) -> SimpleExpr {
        match self {
            Self::Number([column]) => Expr::col((ALIAS, column.name)),
            Self::Keys(keys) => Expr::cust(keys.logged().to_owned()),
        }
    }

    /// The key of a selected text.
    pub(super) fn key(&self, selected: &str) -> Option<Key> {
        match self {
            Self::Number(_) => selected.parse().ok().map(Key::Number),
            Self::Keys(keys) => keys.parse(selected),
        }
    }

    /// Gives a user a number, if it has none.
    pub(super) async fn give_number(
        &self,
        db: &Transaction,
        table: &TableRef,
        key: &Key,
    ) -> Result<(), DbErr> {
        let Self::Keys(keys) = self else { return Ok(()) };
        let row = Query::select()
            .expr(Expr::cust(keys.logged().to_owned()))
            .from(table.clone())
            .and_where(keys.condition(key))
            .to_owned();
        let mut insert = Query::insert();
        insert.into_table(Alias::new(NUMBERS)).columns([Alias::new(USER_KEY)]);
        insert.select_from(row).map_err(|error| DbErr::Custom(error.to_string()))?;
        insert.on_conflict(OnConflict::column(Alias::new(USER_KEY)).do_nothing().to_owned());
        db.execute(&insert).await.map(drop)
    }

    /// The key of the user with this number.
    pub(super) async fn of_number(&self, db: &Transaction, number: i64) -> Result<Option<Key>, DbErr> {
        let Self::Keys(keys) = self else { return Ok(Some(Key::Number(number))) };
        let sql = format!("select {USER_KEY} from {NUMBERS} where id = $1");
        let ask = Statement::from_sql_and_values(db.get_database_backend(), sql, [number.into()]);
        let Some(row) = db.query_one_raw(ask).await? else { return Ok(None) };
        Ok(keys.parse(&row.try_get::<String>("", USER_KEY)?))
    }
}
