//! The one connection a piece of work may use.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement,
};

/// An open transaction. It ends with the work it was given to, never by that work's hand.
#[derive(Debug)]
pub struct Transaction(pub(super) Inner);

#[derive(Debug)]
pub(super) enum Inner {
    /// A connection that stays on its thread; its lane begins and commits.
    Sqlite(DatabaseConnection),
    Postgres(DatabaseTransaction),
}

macro_rules! on_either {
    ($self:ident, $connection:ident => $call:expr) => {
        match &$self.0 {
            Inner::Sqlite($connection) => $call,
            Inner::Postgres($connection) => $call,
        }
    };
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        on_either!(self, db => db.get_database_backend())
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        on_either!(self, db => db.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        on_either!(self, db => db.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        on_either!(self, db => db.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        on_either!(self, db => db.query_all_raw(statement).await)
    }
}
