//! The program as it is installed: started, watched, and ended from outside.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use super::TIMEOUT;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_planner");

/// A running server. It dies with the value.
pub(crate) struct ServerProcess {
    pub(crate) address: SocketAddr,
    /// What it says when it accepts connections.
    pub(crate) line: String,
    process: Child,
    said: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
}

impl ServerProcess {
    /// A server on a free port, with these settings.
    pub(crate) fn serve(database_url: &str, settings: &[&str]) -> Self {
        Self::start(serve(&mut Command::new(PROGRAM), database_url, settings))
    }

    /// The same, with environment variables.
    pub(crate) fn serve_with_env(
        environment: &[(&str, String)],
        database_url: &str,
        settings: &[&str],
    ) -> Self {
        let mut command = Command::new(PROGRAM);
        let command = serve(&mut command, database_url, settings);
        Self::start(command.envs(environment.iter().map(|(name, value)| (name, value))))
    }

    /// A server on a free port in this folder; everything else is as it is by default.
    pub(crate) fn serve_in(folder: &Path, settings: &[&str]) -> Self {
        Self::serve_at("127.0.0.1:0", folder, settings)
    }

    /// The same at an address that may be written in any way.
    pub(crate) fn serve_at(bind: &str, folder: &Path, settings: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        clean(&mut command);
        Self::start(command.current_dir(folder).args(["--bind", bind]).args(settings))
    }

    /// A server whose process may not make any file longer than this.
    pub(crate) fn serve_with_file_size_limit(kilobytes: u32, database_url: &str) -> Self {
        // Without the trap the process would die of the signal; with it writes fail, as on a full disk.
        let limited = format!("trap '' XFSZ; ulimit -S -f {kilobytes}; exec \"$0\" \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &limited, PROGRAM]);
        Self::start(serve(&mut command, database_url, &[]))
    }

    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(process.stderr.take().unwrap());
        let keep = log.clone();
        std::thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                keep.lock().unwrap().push_str(&std::mem::take(&mut line));
            }
        });
        let stdout = process.stdout.take().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let (address, line) = announced(stdout, said.clone()).unwrap_or_else(|| {
            let _ = process.kill();
            panic!("the program does not listen: {}", log.lock().unwrap())
        });
        Self { address, line, process, said, log }
    }

    /// What it has written to its log so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The log once it has this text, which is written beside the answers to clients.
    pub(crate) async fn wait_for_log(&self, text: &str) -> String {
        let look = async {
            while !self.log().contains(text) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let found = tokio::time::timeout(TIMEOUT, look).await;
        found.unwrap_or_else(|_| panic!("{text:?} is not logged: {}", self.log()));
        self.log()
    }

    /// What it has said on standard output behind that line so far.
    pub(crate) fn stdout(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// How many files and connections it holds open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line about memory");
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// Ends it as a crash would: nothing is flushed, no client is sent a close.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end in order.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.process, name);
    }

    /// How it ended.
    pub(crate) async fn wait_for_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the program does not end: {}", self.log());
    }

    /// Lifts that limit.
    pub(crate) fn lift_file_size_limit(&self) {
        let arguments = ["--pid", &self.process.id().to_string(), "--fsize=unlimited"];
        assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
    }

    /// Whether it is still there.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve<'a>(command: &'a mut Command, database_url: &str, settings: &[&str]) -> &'a mut Command {
    clean(command);
    command.args(["serve", "--bind", "127.0.0.1:0", "--database-url", database_url]);
    command.args(settings)
}

/// Without the settings that the environment of the tests may have.
pub(crate) fn clean(command: &mut Command) {
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("ROWCAST_"));
    for name in ours.chain(["DATABASE_URL".to_owned()]) {
        command.env_remove(name);
    }
}

/// The line that says that connections are accepted, and the address in it; none if the program ends or says nothing.
fn announced(stdout: impl Read + Send + 'static, said: Arc<Mutex<String>>) -> Option<(SocketAddr, String)> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let _ = stdout.read_line(&mut line);
        let _ = sender.send(std::mem::take(&mut line));
        while stdout.read_line(&mut line).is_ok_and(|read| read > 0) {
            said.lock().unwrap().push_str(&std::mem::take(&mut line));
        }
    });
    let line = receiver.recv_timeout(TIMEOUT).ok()?;
    let line = line.trim();
    let address = line.rsplit_once("http://")?.1.split('/').next()?.parse().ok()?;
    Some((address, line.to_owned()))
}

/// Sends a process a signal, by its name.
pub(crate) fn signal(process: &Child, name: &str) {
    let arguments = ["-c", "kill -$1 $0", &process.id().to_string(), name];
    assert!(Command::new("sh").args(arguments).status().unwrap().success());
}

/// Starts the program, and leaves it and its log to the caller.
pub(crate) fn spawn(arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    clean(&mut command);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Runs the program to its end, in this folder.
pub(crate) fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    run_with(folder, &[], arguments, input)
}

/// The same, with environment variables.
pub(crate) fn run_with(
    folder: &Path,
    environment: &[(&str, &str)],
    arguments: &[&str],
    input: &str,
) -> Output {
    let mut command = Command::new(PROGRAM);
    clean(&mut command);
    command.args(arguments).envs(environment.iter().copied()).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    // A program that has no use for its input may have ended by now.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    let deadline = Instant::now() + TIMEOUT;
    while process.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            let _ = process.kill();
            panic!("rowcast {} does not end", arguments.join(" "));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    process.wait_with_output().unwrap()
}
