//! PostgreSQL for tests: the cluster that `ROWCAST_TEST_POSTGRES` names, or a private one of this process.
//!
//! `scripts/postgres` runs the private one. It stops when its standard input closes, so it cannot outlive this
//! process.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

use url::Url;

/// Another database of the same cluster.
///
/// # Panics
/// If the text is no URL.
pub fn with_database(url: &str, database: &str) -> String {
    let mut url = Url::parse(url).expect("a URL");
    url.set_path(database);
    url.into()
}

/// The URL of the cluster that the tests share.
///
/// # Panics
/// If there is no PostgreSQL on this machine.
pub fn shared() -> &'static str {
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

/// A private cluster, for tests that stop it, or that must not see open transactions of other tests. It stops on drop.
pub struct Cluster {
    url: String,
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Cluster {
    /// Starts a cluster with the settings of `scripts/postgres`.
    ///
    /// # Panics
    /// If there is no PostgreSQL on this machine.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with environment variables.
    pub fn start_with(environment: &[(&str, String)]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/postgres");
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

    /// The URL of its database `postgres`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the cluster immediately, as a crash does.
    pub fn crash(&mut self) {
        self.run_command("stop");
    }

    /// Stops the cluster gracefully, copies the data directory, and starts it again.
    pub fn back_up(&mut self) {
        ["shutdown", "backup", "start"].iter().for_each(|command| self.run_command(command));
    }

    /// Stops the cluster gracefully, replaces the data directory with the copy, and starts it again.
    pub fn restore_backup(&mut self) {
        ["shutdown", "restore", "start"].iter().for_each(|command| self.run_command(command));
    }

    /// Starts the cluster again, at the same address with the same data.
    pub fn recover(&mut self) {
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
