//! Databases in the shared cluster, and statements of other programs in them.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use sea_orm::{
    ConnectionTrait,
    sqlx::{self, Connection, PgConnection, Row},
};
use url::Url;

use test_support::postgres::{shared, with_database};

pub(crate) use test_support::postgres::Cluster;

/// A database in the shared cluster.
pub(crate) struct Database {
    name: String,
    url: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rowcast_test_{}_{next}", std::process::id());
        execute(shared(), &format!("drop database if exists {name}")).await;
        execute(shared(), &format!("create database {name}")).await;
        let url = with_database(shared(), &name);
        Self { name, url }
    }

    /// A copy of a database without connections.
    pub(crate) async fn copy_of(original: &super::Database) -> Self {
        let url = original.url();
        let original = url.rsplit('/').next().expect("a name");
        let name = format!("{original}_copy");
        execute(shared(), &format!("create database {name} template {original}")).await;
        Self { url: with_database(shared(), &name), name }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A failed test leaves its database for inspection; a private cluster is removed as a whole.
    pub(crate) async fn remove(self) {
        execute(shared(), &format!("drop database {} with (force)", self.name)).await;
    }
}

/// Executes SQL on a new connection.
pub(crate) async fn execute(url: &str, sql: &str) {
    let connection = sea_orm::Database::connect(url).await.expect("PostgreSQL to be there");
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}

/// Reads a number on a new connection.
pub(crate) async fn number(url: &str, sql: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL to be there");
    let number = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    number
}

/// A connection of another program, which stays open.
pub(crate) struct Session(PgConnection);

impl Session {
    pub(crate) async fn open(url: &str) -> Self {
        Self(PgConnection::connect(url).await.expect("PostgreSQL to be there"))
    }

    /// The same, in a transaction that has executed this SQL.
    pub(crate) async fn begin(url: &str, sql: &str) -> Self {
        let mut session = Self::open(url).await;
        session.execute(&format!("begin; {sql}")).await;
        session
    }

    pub(crate) async fn execute(&mut self, sql: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut self.0).await.unwrap();
    }

    /// The one value of a query, as text.
    pub(crate) async fn query_text(&mut self, sql: &str) -> String {
        let row = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_one(&mut self.0).await.unwrap();
        row.try_get(0).unwrap()
    }

    /// Waits until a query returns `true`.
    pub(crate) async fn until(&mut self, sql: &str) {
        let so = async {
            while self.query_text(sql).await != "true" {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(super::TIMEOUT, so).await.unwrap_or_else(|_| panic!("not so in time: {sql}"));
    }

    pub(crate) async fn commit(mut self) {
        self.execute("commit").await;
        self.0.close().await.unwrap();
    }
}

/// The contents of a database, by `pg_dump`.
pub(crate) fn dump(url: &str) -> Vec<u8> {
    dump_with(url, &[])
}

/// The same with further options.
pub(crate) fn dump_with(url: &str, options: &[&str]) -> Vec<u8> {
    let mut dump = Command::new(program("pg_dump"));
    let dump = dump.args(["--clean", "--if-exists", url]).args(options).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    dump.stdout
}

/// Restores a dump over the contents of a database.
pub(crate) fn restore(dump: &[u8], url: &str) {
    let arguments = ["--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", url];
    let mut psql = Command::new(program("psql"));
    psql.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut psql = psql.spawn().unwrap();
    psql.stdin.take().unwrap().write_all(dump).unwrap();
    assert!(psql.wait().unwrap().success());
}

/// One of PostgreSQL's programs, from the `PATH` or where Debian installs them.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let found = std::env::split_paths(&path).chain(debian).map(|folder| folder.join(name));
    found.into_iter().find(|file| file.exists()).unwrap_or_else(|| panic!("no {name}: install postgresql"))
}

/// The same database as another role without a password.
pub(crate) fn as_role(url: &str, role: &str) -> String {
    let mut url = Url::parse(url).expect("a URL");
    url.set_username(role).and_then(|()| url.set_password(None)).expect("a URL with a host");
    url.into()
}
