//! A file of a test, behind a proxy connection as the server has one.

use std::{
    collections::BTreeMap,
    fmt,
    process::Command,
    sync::{Arc, Mutex},
};

use rowcast::{
    attach::{self, Detachment, Installed, Options, Statement},
    catalog::{self, Catalog, QualifiedName},
};
use rusqlite::{Connection, params_from_iter, types::Value as Cell};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ProxyDatabaseTrait, ProxyExecResult, ProxyRow,
    Value,
};
use tempfile::TempDir;

/// The log in its shape of an attached database.
const LOG: &str = "create table rowcast_change_log (
    seq integer primary key autoincrement,
    collection text not null,
    row_id integer,
    row_key text,
    mark integer not null default (random()),
    check ((row_id is null) <> (row_key is null))
) strict";

pub(super) struct Attached {
    folder: TempDir,
    pub(super) db: DatabaseConnection,
}

impl Attached {
    /// A file with these tables, without anything of Rowcast.
    pub(super) async fn before(sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("tables.db")).unwrap();
        connection.execute_batch("pragma foreign_keys = on").unwrap();
        let proxy: Box<dyn ProxyDatabaseTrait> = Box::new(Proxy(Mutex::new(connection)));
        let db = sea_orm::Database::connect_proxy(DbBackend::Sqlite, Arc::new(proxy)).await.unwrap();
        let this = Self { folder, db };
        this.execute(sql);
        this
    }

    /// The same, with triggers for all tables.
    pub(super) async fn with(sql: &str) -> Self {
        let this = Self::before(sql).await;
        this.attach(&Options::default()).await;
        this
    }

    /// Attaches, and checks that nothing is left to do.
    pub(super) async fn attach(&self, options: &Options) {
        let installed = Installed::read(&self.db).await.unwrap();
        assert_eq!(installed.conflicts(), [""; 0]);
        self.run(&attach::prepare(&installed)).await;
        self.execute(LOG);
        self.plan(options).await;
    }

    /// Executes a plan, and checks that the next one is empty.
    pub(super) async fn plan(&self, options: &Options) -> Vec<Statement> {
        let plan = self.planned(options).await;
        self.run(&plan).await;
        assert_eq!(self.planned(options).await, []);
        plan
    }

    async fn planned(&self, options: &Options) -> Vec<Statement> {
        attach::plan(&self.catalog().await, options, &Installed::read(&self.db).await.unwrap())
    }

    pub(super) async fn run(&self, statements: &[Statement]) {
        self.db.execute_unprepared("begin immediate").await.unwrap();
        attach::execute(&self.db, statements).await.unwrap();
        self.db.execute_unprepared("commit").await.unwrap();
    }

    pub(super) async fn catalog(&self) -> Catalog {
        catalog::read(&self.db, &catalog::Options::default()).await.unwrap()
    }

    /// Another program's connection.
    pub(super) fn connect(&self) -> Connection {
        Connection::open(self.folder.path().join("tables.db")).unwrap()
    }

    /// Executes statements as another program.
    pub(super) fn execute(&self, sql: &str) {
        self.connect().execute_batch(sql).unwrap();
    }

    /// The new entries of the log after statements of another program: `collection key`.
    pub(super) fn logged(&self, sql: &str) -> Vec<String> {
        self.execute("delete from rowcast_change_log");
        self.execute(sql);
        self.texts("select collection || ' ' || row_key from rowcast_change_log order by seq")
    }

    /// The first column of a query.
    pub(super) fn texts(&self, sql: &str) -> Vec<String> {
        let connection = self.connect();
        let mut prepared = connection.prepare(sql).unwrap();
        let rows = prepared.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Removes all traces.
    pub(super) async fn detach(&self) {
        let Detachment { obstacles, statements } = Detachment::read(&self.db).await.unwrap();
        assert_eq!(obstacles, [""; 0]);
        self.run(&statements).await;
        assert_eq!(Detachment::read(&self.db).await.unwrap(), Detachment::default());
    }

    /// The contents and the schema as `sqlite3` prints them.
    pub(super) fn dump(&self) -> String {
        let path = self.folder.path().join("tables.db");
        let commands = [".dump", "select * from sqlite_master", "pragma integrity_check"];
        let output = Command::new("sqlite3").arg(path).args(commands).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

pub(super) fn table(name: &str) -> QualifiedName {
    QualifiedName { schema: "main".into(), name: name.into() }
}

struct Proxy(Mutex<Connection>);

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy")
    }
}

#[async_trait::async_trait]
impl ProxyDatabaseTrait for Proxy {
    async fn query(&self, statement: sea_orm::Statement) -> Result<Vec<ProxyRow>, DbErr> {
        let connection = self.0.lock().unwrap();
        let mut prepared = connection.prepare(&statement.sql).map_err(failed)?;
        let names: Vec<String> = prepared.column_names().into_iter().map(Into::into).collect();
        let row = |row: &rusqlite::Row<'_>| {
            let cells = names.iter().enumerate().map(|(i, name)| Ok((name.clone(), text(row.get(i)?))));
            cells.collect::<rusqlite::Result<BTreeMap<_, _>>>().map(ProxyRow::new)
        };
        let rows = prepared.query_map(params_from_iter(values(&statement)), row).map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    async fn execute(&self, statement: sea_orm::Statement) -> Result<ProxyExecResult, DbErr> {
        self.0.lock().unwrap().execute_batch(&statement.sql).map_err(failed)?;
        Ok(ProxyExecResult::new(0, 0))
    }
}

fn failed(error: rusqlite::Error) -> DbErr {
    DbErr::Custom(error.to_string())
}

fn values(statement: &sea_orm::Statement) -> Vec<String> {
    let values = statement.values.iter().flat_map(|values| values.0.clone());
    values
        .map(|value| match value {
            Value::String(Some(text)) => text,
            other => panic!("unexpected {other:?}"),
        })
        .collect()
}

/// Queries of the catalog return JSON.
fn text(cell: Cell) -> Value {
    match cell {
        Cell::Text(text) => text.into(),
        other => panic!("unexpected {other:?}"),
    }
}
