//! Programs that are started and timed: until one has ended, or until a server says that it is ready.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::figures::{Line, Subject};
use crate::live::metrics;
use crate::{Fallible, process};

/// How often a server is asked.
const EACH: Duration = Duration::from_millis(2);
/// How long a server may take to end.
const END_WITHIN: Duration = Duration::from_secs(10);

/// What to start.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Where its output goes.
    #[arg(long)]
    pub log: PathBuf,
    /// Seconds it may take.
    #[arg(long, default_value_t = 120.0)]
    pub within: f64,
    /// The program and its arguments.
    #[arg(required = true, last = true)]
    pub command: Vec<String>,
}

/// Runs a program to its end, and reports how long it took as `scenario`.
///
/// # Errors
/// When it fails, or takes too long.
pub fn to_end(scenario: &str, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let start = Instant::now();
    let mut program = Program::start(plan)?;
    program.wait(Duration::from_secs_f64(plan.within))?;
    Ok(Line::new(scenario, subject).set("seconds", start.elapsed().as_secs_f64()))
}

/// Starts a server, and reports how long it takes until `/readyz` says so, and what it uses. Then it is ended.
///
/// # Errors
/// When it ends, or takes too long.
pub fn to_ready(subject: &Subject, server: SocketAddr, plan: &Plan) -> Fallible<Line> {
    let start = Instant::now();
    let mut program = Program::start(plan)?;
    let pid = program.0.id();
    while metrics::get(server, "/readyz").is_err() {
        if let Some(status) = program.0.try_wait()? {
            return Err(format!("the server ended with {status}").into());
        }
        if start.elapsed().as_secs_f64() > plan.within {
            return Err("the server was not ready in time".into());
        }
        thread::sleep(EACH);
    }
    let took = start.elapsed();
    let (cpu, resident) = (process::cpu_seconds(pid), process::resident_kb(pid));
    Command::new("kill").arg(pid.to_string()).status()?;
    program.wait(END_WITHIN)?;
    Ok(Line::new("ready", subject)
        .set("seconds", took.as_secs_f64())
        .set("server_cpu_s", cpu)
        .set("resident_kb", resident as f64))
}

/// A program that is ended when nobody waits for it any more.
struct Program(Child);

impl Program {
    fn start(plan: &Plan) -> Fallible<Self> {
        let log = File::create(&plan.log)?;
        let (name, arguments) = plan.command.split_first().ok_or("there is nothing to start")?;
        let mut command = Command::new(name);
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Self(command.spawn().map_err(|error| format!("{name}: {error}"))?))
    }

    fn wait(&mut self, limit: Duration) -> Fallible<()> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            match self.0.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("it ended with {status}").into()),
                None => thread::sleep(EACH),
            }
        }
        Err("it took too long to end".into())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().ok(); // it has ended already, or else should not go on alone
        self.0.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, within: f64) -> Fallible<Line> {
        let log = std::env::temp_dir().join(format!("rowcast-start-{}.log", std::process::id()));
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let subject = Subject { label: "x".into(), round: 1, rows: 0, pid: None, db_pid: None };
        to_end("attach", &subject, &Plan { log, within, command })
    }

    #[test]
    fn program_is_timed_to_its_end() {
        let seconds = run("sleep 0.1", 5.0).unwrap().get("seconds");
        assert!((0.1..5.0).contains(&seconds), "{seconds}");
        assert!(run("exit 3", 5.0).is_err());
        assert!(run("sleep 5", 0.1).is_err());
    }
}
