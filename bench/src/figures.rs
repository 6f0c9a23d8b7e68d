//! Figures of a run: what was used between two moments, how times are distributed, and the
//! result line that has it all.

use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::load::Load;
use crate::process;

/// What a run is of, copied to its result line.
#[derive(Clone, Debug, clap::Args)]
pub struct Subject {
    /// What is measured, as the report names it.
    #[arg(long, default_value = "server")]
    pub label: String,
    /// Which round of an interleaved run this is.
    #[arg(long, default_value_t = 0)]
    pub round: u32,
    /// Rows in each collection; 0 where there are none.
    #[arg(long, default_value_t = 20)]
    pub rows: u32,
    /// The server's process, to read its CPU time and memory.
    #[arg(long)]
    pub pid: Option<u32>,
    /// The database's process, where it has one.
    #[arg(long)]
    pub db_pid: Option<u32>,
}

/// A moment, and the CPU time used until then.
pub struct Stamp {
    at: Instant,
    server: f64,
    database: f64,
    own: f64,
}

impl Stamp {
    /// Now.
    pub fn now(subject: &Subject) -> Self {
        let cpu = |pid: Option<u32>| pid.map_or(0.0, process::cpu_seconds);
        Self {
            at: Instant::now(),
            server: cpu(subject.pid),
            database: cpu(subject.db_pid),
            own: process::own_cpu_seconds(),
        }
    }

    /// Seconds from `start` to here.
    pub fn since(&self, start: &Stamp) -> f64 {
        (self.at - start.at).as_secs_f64()
    }
}

/// One result: a JSON object on a line.
pub struct Line(Map<String, Value>);

impl Line {
    /// A line about `subject` in `scenario`.
    pub fn new(scenario: &str, subject: &Subject) -> Self {
        let mut line = Self(Map::new());
        line.0.insert("scenario".into(), scenario.into());
        line.0.insert("label".into(), subject.label.clone().into());
        let line = line.set("round", subject.round);
        if subject.rows > 0 { line.set("rows", subject.rows) } else { line }
    }

    /// Adds a figure, to three decimals. What cannot be divided counts as 0.
    pub fn set(mut self, key: &str, value: impl Into<f64>) -> Self {
        let value: f64 = value.into();
        let value = if value.is_finite() { (value * 1e3).round() / 1e3 } else { 0.0 };
        self.0.insert(key.into(), value.into());
        self
    }

    /// Adds what is not a figure.
    pub fn text(mut self, key: &str, value: &str) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }

    /// Adds how `times` are distributed, in milliseconds, under `prefix`.
    pub fn times(self, prefix: &str, times: &mut [Duration]) -> Self {
        self.times_in("ms", 1e3, prefix, times)
    }

    /// Adds how `times` are distributed, in microseconds.
    pub fn times_us(self, times: &mut [Duration]) -> Self {
        self.times_in("us", 1e6, "", times)
    }

    fn times_in(self, unit: &str, per_second: f64, prefix: &str, times: &mut [Duration]) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let i = (times.len() as f64 * share) as usize;
            let time = times.get(i.min(times.len().saturating_sub(1)));
            time.map_or(0.0, |time| time.as_secs_f64() * per_second)
        };
        let figures = [("p50", at(0.5)), ("p95", at(0.95)), ("p99", at(0.99)), ("max", at(1.0))];
        figures.into_iter().fold(self, |line, (name, time)| line.set(&format!("{prefix}{name}_{unit}"), time))
    }

    /// Adds what the clients received and what everybody used between two moments; CPU time also
    /// for each of `count` things done, named `unit`.
    pub fn usage(self, load: &Load, start: &Stamp, end: &Stamp, count: f64, unit: &str) -> Self {
        let seconds = end.since(start);
        let each = |cpu: f64| cpu * 1e6 / count;
        self.faults(load)
            .set("wall_s", seconds)
            .set(&format!("server_us_per_{unit}"), each(end.server - start.server))
            .set(&format!("database_us_per_{unit}"), each(end.database - start.database))
            .set(&format!("loadgen_us_per_{unit}"), each(end.own - start.own))
            .set("messages_s", load.messages.get() as f64 / seconds)
            .set("received_mb_s", load.bytes.get() as f64 / 1e6 / seconds)
    }

    /// Adds the connections lost, and the first thing that went wrong if anything did.
    pub fn faults(self, load: &Load) -> Self {
        let mut line = self.set("closed", load.closed.get() as f64);
        if let Some(error) = &*load.error.borrow() {
            line.0.insert("error".into(), error.as_str().into());
        }
        line
    }

    /// The line as it stands in a results file.
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// A figure of the line.
    pub fn get(&self, key: &str) -> f64 {
        self.0.get(key).and_then(Value::as_f64).unwrap_or(0.0)
    }
}
