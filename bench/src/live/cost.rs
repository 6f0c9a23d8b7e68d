//! What one write costs beside listeners: one writer, who sends the next when the last is acked.
//!
//! - **undelivered**: clients × writes that a client was not shown, nor a later one to the same row;
//! - **unread**: acks that came before the writer had been sent its own write.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::Live;
use super::listener::{Listener, Writer, handlers, left};
use super::rows::Rows;
use crate::Fallible;
use crate::client::Client;
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;

/// The least number of writes that a median is taken of.
const AT_LEAST: usize = 3;

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Coaches there are.
    #[arg(long, default_value_t = 100)]
    pub coaches: u32,
    /// Clients that only listen.
    #[arg(long, default_value_t = 10)]
    pub listeners: u32,
    /// What all clients ask for.
    #[arg(long, value_enum, default_value_t = Live::Snapshots)]
    pub live: Live,
    /// Coaches that are written in turn.
    #[arg(long, default_value_t = 10)]
    pub spread: u32,
    /// Seconds to measure for; at least three writes are measured.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Seconds to write for before that.
    #[arg(long, default_value_t = 0.5)]
    pub warmup: f64,
    /// Seconds that all of it may take, from the first connect to the last ack, before it is given up.
    #[arg(long, default_value_t = 60.0)]
    pub within: f64,
    /// Seconds the last write may then take to reach everyone.
    #[arg(long, default_value_t = 10.0)]
    pub settle: f64,
}

/// Runs the scenario and reports its figures, or that it was given up.
///
/// # Errors
/// When a client is refused, or the numbers of rows do not fit.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let line = Line::new("cost", subject)
        .set("coaches", plan.coaches)
        .set("listeners", plan.listeners)
        .text("live", plan.live.name());
    let rows = Rows::new(plan.spread, plan.coaches, subject.rows)?;
    let end = Instant::now() + Duration::from_secs_f64(plan.within);
    let Ok(connected) = tokio::time::timeout(left(end), Crowd::connect(&load, plan, rows)).await else {
        return Ok(line.set("gave_up_s", plan.within));
    };
    let crowd = connected?;

    let mut times = crowd.write_for(plan.warmup, 1, end).await;
    load.measuring.set(true);
    let start = Stamp::now(subject);
    if !times.is_empty() {
        times = crowd.write_for(plan.seconds, AT_LEAST, end).await;
    }
    let stop = Stamp::now(subject);
    load.measuring.set(false);

    let writes = times.len() as f64;
    let line = line.set("writes", writes);
    if times.len() < AT_LEAST {
        let failed = load.error.borrow().is_some();
        let line = if failed { line } else { line.set("gave_up_s", plan.within) };
        return Ok(line.faults(&load));
    }
    let undelivered = crowd.settle(&load, Duration::from_secs_f64(plan.settle)).await;
    Ok(line
        .set("acked_s", writes / stop.since(&start))
        .times("", &mut times)
        .usage(&load, &start, &stop, writes, "write")
        .set("undelivered", undelivered as f64)
        .set("unread", crowd.writer.unread.get()))
}

/// The writer and its audience.
struct Crowd {
    writer: Rc<Writer>,
    client: Rc<Client>,
    listeners: Vec<Rc<Listener>>,
}

impl Crowd {
    async fn connect(load: &Rc<Load>, plan: &Plan, rows: Rows) -> Fallible<Self> {
        let auth = plan.live.into();
        let listeners = Listener::crowd(plan.listeners, &auth, rows);
        load.connect(handlers(&listeners), 16).await?;
        let (writer, client) = Writer::connect(load, auth, rows).await?;
        Ok(Self { writer, client, listeners })
    }

    /// Writes for some time, `at_least` so often, but not past `end`.
    async fn write_for(&self, seconds: f64, at_least: usize, end: Instant) -> Vec<Duration> {
        let (start, mut times) = (Instant::now(), Vec::new());
        while times.len() < at_least || start.elapsed().as_secs_f64() < seconds {
            match self.writer.write(&self.client, end).await {
                Some(took) => times.push(took),
                None => break,
            }
        }
        times
    }

    /// Waits until everyone has been shown every write, and says how often someone was not.
    async fn settle(&self, load: &Load, limit: Duration) -> usize {
        let missing = || self.listeners.iter().map(|listener| self.writer.missing(listener)).sum();
        let end = Instant::now() + limit;
        while missing() > 0 && Instant::now() < end && load.error.borrow().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        missing()
    }
}
