//! The installed program as a process.

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

/// A running server. It is killed on drop.
pub(crate) struct ServerProcess {
    pub(crate) address: SocketAddr,
    /// The line on standard output with the address.
    pub(crate) line: String,
    process: Child,
    said: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
}

impl ServerProcess {
    /// A server on a free port with these settings.
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

    /// A server on a free port in this folder, with default settings otherwise.
    pub(crate) fn serve_in(folder: &Path, settings: &[&str]) -> Self {
        Self::serve_at("127.0.0.1:0", folder, settings)
    }

    /// The same at an address in any notation.
    pub(crate) fn serve_at(bind: &str, folder: &Path, settings: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        clean(&mut command);
        Self::start(command.current_dir(folder).args(["--bind", bind]).args(settings))
    }

    /// A server whose process cannot write files larger than this.
    pub(crate) fn serve_with_file_size_limit(kilobytes: u32, database_url: &str) -> Self {
        // The signal would kill the process; with the trap writes fail, as on a full disk.
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

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log contains this text; returns the log.
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

    /// Standard output after the first line.
    pub(crate) fn stdout(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The number of open file descriptors.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line about memory");
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// Kills the process: nothing is flushed, and no client receives a close frame.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.process, name);
    }

    /// Waits for the exit.
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

    /// Removes the file size limit.
    pub(crate) fn lift_file_size_limit(&self) {
        let arguments = ["--pid", &self.process.id().to_string(), "--fsize=unlimited"];
        assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
    }

    /// Whether the process runs.
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

/// Removes settings that the environment of the tests may have.
pub(crate) fn clean(command: &mut Command) {
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("ROWCAST_"));
    for name in ours.chain(["DATABASE_URL".to_owned()]) {
        command.env_remove(name);
    }
}

/// The first line of output and the address in it; none if the program exits or prints nothing.
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

/// Sends a process a signal by name.
pub(crate) fn signal(process: &Child, name: &str) {
    let arguments = ["-c", "kill -$1 $0", &process.id().to_string(), name];
    assert!(Command::new("sh").args(arguments).status().unwrap().success());
}

/// Starts the program; process and log are the caller's.
pub(crate) fn spawn(arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    clean(&mut command);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Runs the program in this folder until it exits.
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
    // The program may have exited without reading its input.
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
