//! A database of a test, with a role that writes its tables.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use rowcast::{
    attach::{self, Detachment, Installed, Options, Statement},
    catalog::{self, Catalog, QualifiedName},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};
use test_support::postgres::{shared, with_database};
use url::Url;

/// The log in its shape of an attached database.
const LOG: &str = "create table rowcast.rowcast_change_log (
    seq bigint generated always as identity primary key,
    collection text not null,
    row_id bigint,
    row_key text,
    txid xid8 not null default pg_current_xact_id(),
    check ((row_id is null) <> (row_key is null))
)";

pub(super) struct Attached {
    pub(super) name: String,
    /// A role with rights on the tables of all schemas that existed at first.
    pub(super) clerk: String,
    pub(super) url: String,
    pub(super) db: DatabaseConnection,
}

/// Connections of a pool keep settings that a test changes.
async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}

impl Attached {
    /// A database with these tables, without anything of Rowcast.
    pub(super) async fn before(sql: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rowcast_attach_{}_{next}", std::process::id());
        let clerk = format!("clerk_{name}");
        let cluster = connect(shared()).await;
        for sql in [
            format!("drop database if exists {name}"),
            format!("create database {name}"),
            format!("create role {clerk} login"),
        ] {
            cluster.execute_unprepared(&sql).await.unwrap();
        }
        cluster.close().await.unwrap();
        let url = with_database(shared(), &name);
        let db = connect(&url).await;
        let this = Self { name, clerk, url, db };
        this.execute(sql).await;
        this.execute(&GRANTS.replace("{clerk}", &this.clerk)).await;
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
        self.prepare().await;
        self.plan(options).await;
    }

    /// The schema with the log, without triggers.
    pub(super) async fn prepare(&self) {
        let installed = Installed::read(&self.db).await.unwrap();
        assert_eq!(installed.conflicts(), [""; 0]);
        attach::execute(&self.db, &attach::prepare(&installed)).await.unwrap();
        self.execute(LOG).await;
    }

    /// Executes a plan, and checks that the next one is empty.
    pub(super) async fn plan(&self, options: &Options) -> Vec<Statement> {
        let plan = self.planned(options).await;
        attach::execute(&self.db, &plan).await.unwrap();
        assert_eq!(self.planned(options).await, []);
        plan
    }

    pub(super) async fn planned(&self, options: &Options) -> Vec<Statement> {
        attach::plan(&self.catalog().await, options, &Installed::read(&self.db).await.unwrap())
    }

    pub(super) async fn catalog(&self) -> Catalog {
        catalog::read(&self.db, &catalog::Options::default()).await.unwrap()
    }

    pub(super) async fn execute(&self, sql: &str) {
        self.db.execute_unprepared(sql).await.unwrap();
    }

    pub(super) fn url_as(&self, role: &str) -> String {
        let mut url = Url::parse(&self.url).unwrap();
        url.set_username(role).unwrap();
        url.into()
    }

    /// A connection of a program that is not Rowcast.
    pub(super) async fn connect_as_clerk(&self) -> DatabaseConnection {
        connect(&self.url_as(&self.clerk)).await
    }

    /// Executes statements as the clerk, in one transaction.
    pub(super) async fn try_as_clerk(&self, sql: &str) -> Result<(), DbErr> {
        let connection = self.connect_as_clerk().await;
        let outcome = connection.execute_unprepared(sql).await;
        connection.close().await.unwrap();
        outcome.map(|_| ())
    }

    /// The new entries of the log after statements of the clerk: `collection key`.
    pub(super) async fn logged(&self, sql: &str) -> Vec<String> {
        self.execute("delete from rowcast.rowcast_change_log").await;
        self.try_as_clerk(sql).await.unwrap();
        self.log().await
    }

    /// The same as the owner of all tables.
    pub(super) async fn logged_as_owner(&self, sql: &str) -> Vec<String> {
        self.execute("delete from rowcast.rowcast_change_log").await;
        self.execute(sql).await;
        self.log().await
    }

    pub(super) async fn log(&self) -> Vec<String> {
        self.texts("select collection || ' ' || row_key as text from rowcast.rowcast_change_log order by seq")
            .await
    }

    /// The column `text` of a query.
    pub(super) async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = sea_orm::Statement::from_string(DbBackend::Postgres, sql);
        let rows = self.db.query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get("", "text").unwrap()).collect()
    }

    /// Removes all traces.
    pub(super) async fn detach(&self) {
        let Detachment { obstacles, statements } = Detachment::read(&self.db).await.unwrap();
        assert_eq!(obstacles, [""; 0]);
        attach::execute(&self.db, &statements).await.unwrap();
        assert_eq!(Detachment::read(&self.db).await.unwrap(), Detachment::default());
    }

    /// What `pg_dump` prints, without the random key that its new releases contain.
    pub(super) fn dump(&self) -> String {
        let output = Command::new("pg_dump").arg(&self.url).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let dump = String::from_utf8(output.stdout).unwrap();
        let is_key = |line: &&str| line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ");
        dump.lines().filter(|line| !is_key(line)).collect::<Vec<_>>().join("\n")
    }

    /// A failed test leaves its database for inspection.
    pub(super) async fn remove(self) {
        self.execute(&format!("drop owned by {}", self.clerk)).await;
        self.db.close().await.unwrap();
        let cluster = connect(shared()).await;
        for sql in [format!("drop database {} with (force)", self.name), format!("drop role {}", self.clerk)]
        {
            cluster.execute_unprepared(&sql).await.unwrap();
        }
        cluster.close().await.unwrap();
    }
}

/// For tables that exist and for those that come.
const GRANTS: &str = r"
do $$ declare name text; begin
    for name in select quote_ident(nspname) from pg_namespace where nspname !~ '^(pg_|information_schema)' loop
        execute 'grant usage on schema ' || name || ' to {clerk}';
        execute 'grant select, insert, update, delete, truncate on all tables in schema ' || name || ' to {clerk}';
        execute 'grant usage on all sequences in schema ' || name || ' to {clerk}';
        execute 'alter default privileges in schema ' || name || ' grant select, insert, update, delete on tables to {clerk}';
    end loop;
end $$";

pub(super) fn table(schema: &str, name: &str) -> QualifiedName {
    QualifiedName { schema: schema.into(), name: name.into() }
}
