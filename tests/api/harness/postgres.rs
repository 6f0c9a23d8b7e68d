//! PostgreSQL for tests: the cluster that `ROWCAST_TEST_POSTGRES` names, or a private one of this process.
//!
//! `scripts/postgres` runs the private one. It stops when its standard input closes, so it cannot outlive this
//! process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use sea_orm::{
    ConnectionTrait,
    sqlx::{self, Connection, PgConnection, Row},
};

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
        let url = at(shared(), &name);
        Self { name, url }
    }

    /// A copy of a database without connections.
    pub(crate) async fn copy_of(original: &super::Database) -> Self {
        let url = original.url();
        let original = url.rsplit('/').next().expect("a name");
        let name = format!("{original}_copy");
        execute(shared(), &format!("create database {name} template {original}")).await;
        Self { url: at(shared(), &name), name }
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
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (_, place) = rest.split_once('@').expect("a user");
    format!("{scheme}://{role}@{place}")
}

/// Another database of the same cluster.
fn at(url: &str, database: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(a, o)| (a, Some(o)));
    let host = address
        .rfind('/')
        .filter(|slash| address[..*slash].contains("//") && !address[..*slash].ends_with('/'));
    let address = host.map_or(address, |slash| &address[..slash]);
    let options = options.map_or(String::new(), |options| format!("?{options}"));
    format!("{address}/{database}{options}")
}

fn shared() -> &'static str {
    static SHARED: OnceLock<(String, Option<Cluster>)> = OnceLock::new();
    let shared = SHARED.get_or_init(|| match std::env::var("ROWCAST_TEST_POSTGRES") {
        Ok(url) => (url, None),
        Err(_) => {
            let cluster = Cluster::start();
            (cluster.url().to_owned(), Some(cluster))
        }
    });
    &shared.0
}

/// A private cluster, which a test can stop.
pub(crate) struct Cluster {
    url: String,
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with environment variables.
    pub(crate) fn start_with(environment: &[(&str, String)]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres");
        let mut command = Command::new(script);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("scripts/postgres to be there");
        let commands = process.stdin.take();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut url = String::new();
        answers.read_line(&mut url).unwrap();
        if url.is_empty() {
            let mut reason = String::new();
            process.stderr.take().unwrap().read_to_string(&mut reason).unwrap();
            panic!("no PostgreSQL to test with: {reason}");
        }
        Self { url: url.trim().to_owned(), process, commands, answers }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops the cluster immediately, as a crash does.
    pub(crate) fn crash(&mut self) {
        self.run_command("stop");
    }

    /// Stops the cluster gracefully, copies the data directory, and starts it again.
    pub(crate) fn back_up(&mut self) {
        ["shutdown", "backup", "start"].iter().for_each(|command| self.run_command(command));
    }

    /// Stops the cluster gracefully, replaces the data directory with the copy, and starts it again.
    pub(crate) fn restore_backup(&mut self) {
        ["shutdown", "restore", "start"].iter().for_each(|command| self.run_command(command));
    }

    /// Starts the cluster again, at the same address with the same data.
    pub(crate) fn recover(&mut self) {
        self.run_command("start");
    }

    fn run_command(&mut self, command: &str) {
        writeln!(self.commands.as_mut().unwrap(), "{command}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), format!("done: {command}"));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.commands.take();
        let _ = self.process.wait();
    }
}
