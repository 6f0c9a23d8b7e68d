//! Clients that connect, snapshots included, and then stay idle: how fast, and in how much of
//! the server's memory.
//!
//! For the memory to mean something the server should be fresh: what an earlier crowd left in
//! its allocator would be taken for free.

use std::rc::Rc;
use std::time::Duration;

use crate::Fallible;
use crate::client::Handler;
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::process;

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Clients to connect.
    #[arg(long, default_value_t = 1000)]
    pub clients: u32,
    /// Clients that are on their way at any time.
    #[arg(long, default_value_t = 16)]
    pub at_once: usize,
    /// Seconds to stay idle before memory is read again.
    #[arg(long, default_value_t = 1.0)]
    pub idle: f64,
}

/// Runs the scenario and reports its figures.
///
/// # Errors
/// When not every client could connect.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let nobody = || Rc::new(()) as Rc<dyn Handler>;
    let resident = || subject.pid.map_or(0.0, |pid| process::resident_kb(pid) as f64);
    // what the server does once, for its first client, is not charged to the others
    let _first = load.connect(vec![nobody()], 1).await?;
    let before = resident();
    load.measuring.set(true);
    let start = Stamp::now(subject);
    let _crowd = load.connect((0..plan.clients).map(|_| nobody()).collect(), plan.at_once).await?;
    let end = Stamp::now(subject);
    load.measuring.set(false);
    tokio::time::sleep(Duration::from_secs_f64(plan.idle)).await;
    let (idle, after) = (Stamp::now(subject), resident());

    let clients = f64::from(plan.clients);
    Ok(Line::new("connect", subject)
        .set("clients", clients)
        .set("connects_s", clients / end.since(&start))
        .set("resident_before_kb", before)
        .set("resident_after_kb", after)
        .set("kb_per_client", (after - before) / clients)
        .set("idle_s", idle.since(&end))
        .usage(&load, &start, &end, clients, "client"))
}
