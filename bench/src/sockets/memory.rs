//! What a crowd of idle clients adds to the server's resident memory.
//!
//! The server should be fresh: what an earlier crowd left in its allocator would be taken for free.

use std::rc::Rc;
use std::time::Duration;

use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::sockets::crowd::{self, Session, Transport};
use crate::{Fallible, process};

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// How the clients connect. Those that poll leave a GET pending.
    #[arg(long, value_enum, default_value_t = Transport::Websocket)]
    pub transport: Transport,
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
    let pid = subject.pid.ok_or("memory is read off the server's process: name it with --pid")?;
    let pause = Duration::from_secs_f64(plan.idle);
    // what the server does once, for its first client, is not charged to the others
    let mut first = crowd::sessions(&load, plan.transport, 1, 1).await?;
    rest(&mut first, pause).await?;

    let before = process::resident_kb(pid) as f64;
    let start = Stamp::now(subject);
    let mut crowd = crowd::sessions(&load, plan.transport, plan.clients, plan.at_once).await?;
    rest(&mut crowd, pause).await?;
    let (end, after) = (Stamp::now(subject), process::resident_kb(pid) as f64);

    let clients = f64::from(plan.clients);
    Ok(Line::new("memory", subject)
        .text("transport", plan.transport.name())
        .set("clients", clients)
        .set("resident_before_kb", before)
        .set("resident_after_kb", after)
        .set("kb_per_client", (after - before) / clients)
        .usage(&load, &start, &end, clients, "client"))
}

/// Leaves the crowd alone, with GETs pending where it polls, until nothing has happened for a `pause`.
async fn rest(crowd: &mut [Session], pause: Duration) -> Fallible<()> {
    let mut at_rest = false;
    while !at_rest {
        at_rest = true;
        for session in &mut *crowd {
            if let Session::Polling(polling) = session {
                at_rest &= polling.stay().await?;
            }
        }
        tokio::time::sleep(pause).await;
    }
    Ok(())
}
