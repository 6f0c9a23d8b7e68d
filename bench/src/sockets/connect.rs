//! Crowds that connect, a few clients at a time, to a server that has seen such a crowd before.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::Fallible;
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::sockets::crowd::{self, Transport};

/// Crowds that are measured at least.
const AT_LEAST: usize = 3;
/// How long a server is left alone with the clients that have gone.
const PAUSE: Duration = Duration::from_millis(500);

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// How the clients connect.
    #[arg(long, value_enum, default_value_t = Transport::Websocket)]
    pub transport: Transport,
    /// Clients of a crowd.
    #[arg(long, default_value_t = 1000)]
    pub clients: u32,
    /// Clients that are on their way at any time.
    #[arg(long, default_value_t = 16)]
    pub at_once: usize,
    /// Seconds to measure for, the pauses between crowds left out.
    #[arg(long, default_value_t = 0.5)]
    pub seconds: f64,
}

/// Runs the scenario and reports its figures.
///
/// # Errors
/// When not every client could connect.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let mut took: Vec<Duration> = Vec::new();
    drop(crowd::sessions(&load, plan.transport, plan.clients, plan.at_once).await?);
    let start = Stamp::now(subject);
    while took.len() < AT_LEAST || took.iter().sum::<Duration>().as_secs_f64() < plan.seconds {
        tokio::time::sleep(PAUSE).await;
        let began = Instant::now();
        let crowd = crowd::sessions(&load, plan.transport, plan.clients, plan.at_once).await?;
        took.push(began.elapsed());
        drop(crowd);
    }
    let end = Stamp::now(subject);

    let connected = f64::from(plan.clients) * took.len() as f64;
    Ok(Line::new("connect", subject)
        .text("transport", plan.transport.name())
        .set("clients", plan.clients)
        .set("crowds", took.len() as f64)
        .set("connects_s", connected / took.iter().sum::<Duration>().as_secs_f64())
        .usage(&load, &start, &end, connected, "client"))
}
