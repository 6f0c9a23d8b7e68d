//! Broadcasts at a steady pace to a crowd of which some never read: what the others notice of it, and
//! what the server's memory does.

use std::rc::Rc;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use tokio::net::TcpSocket;
use tokio::time::MissedTickBehavior;

use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::sockets::client::Client;
use crate::sockets::crowd;
use crate::sockets::flights::Flights;
use crate::{Fallible, process};

/// How long the last broadcasts may take.
const SETTLE_WITHIN: Duration = Duration::from_secs(20);
/// Broadcasts before those that count.
const WARMUP: usize = 50;
/// What the kernel may hold on the side of a client that does not read.
const RECEIVE_BUFFER: usize = 8 * 1024;
/// A segment as of Ethernet. With the loopback's own of 64 KiB, the kernel would hold megabytes on the
/// server's side before the server noticed anything.
const SEGMENT: u32 = 1_400;

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Clients, those that stall included.
    #[arg(long, default_value_t = 1000)]
    pub clients: u32,
    /// Clients that connect and then never read.
    #[arg(long, default_value_t = 1)]
    pub stalled: u32,
    /// Bytes of the event's argument.
    #[arg(long, default_value_t = 10_000)]
    pub bytes: usize,
    /// Broadcasts a second.
    #[arg(long, default_value_t = 50.0)]
    pub pace: f64,
    /// Seconds to broadcast for.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
}

/// Runs the scenario and reports its figures.
///
/// # Errors
/// When not every client could connect.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let readers = plan.clients.saturating_sub(plan.stalled);
    let flights = Flights::new(load.clone(), readers, plan.bytes);
    let clients = crowd::clients(&load, (0..readers).map(|_| flights.handler())).await?;
    let sender = clients.first().ok_or("nobody to broadcast to")?;
    while flights.count() < WARMUP {
        flights.launch(sender);
        if !flights.landed(SETTLE_WITHIN).await {
            break;
        }
    }
    // they stall from here on, so nothing of the warm-up is held for them
    let mut stalled = Vec::new();
    for _ in 0..plan.stalled {
        stalled.push(stall(&load).await?);
    }

    let resident = || subject.pid.map_or(0.0, |pid| process::resident_kb(pid) as f64 / 1e3);
    let (before, mut peak, mut latest) = (resident(), 0.0, Duration::ZERO);
    load.measuring.set(true);
    let start = Stamp::now(subject);
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / plan.pace));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let count = (plan.pace * plan.seconds) as usize;
    for i in 0..count {
        let due = ticks.tick().await.into_std();
        latest = latest.max(Instant::now().saturating_duration_since(due));
        flights.launch(sender);
        if i % 10 == 0 {
            peak = resident().max(peak);
        }
    }
    peak = resident().max(peak);
    flights.landed(SETTLE_WITHIN).await;
    let end = Stamp::now(subject);
    load.measuring.set(false);

    Ok(Line::new("stalled", subject)
        .set("clients", plan.clients)
        .set("stalled", plan.stalled)
        .set("bytes", plan.bytes as f64)
        .set("pace", plan.pace)
        .set("undelivered", flights.undelivered())
        .times("", &mut flights.times(WARMUP))
        .set("emitted_late_ms", latest.as_secs_f64() * 1e3)
        .set("resident_before_mb", before)
        .set("resident_growth_mb", peak - before)
        .usage(&load, &start, &end, count as f64, "broadcast"))
}

/// A client that is let in, and then takes nothing any more.
async fn stall(load: &Rc<Load>) -> Fallible<Rc<Client>> {
    let socket = Socket::new(Domain::for_address(load.addr), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_tcp_mss(SEGMENT)?;
    let stream = TcpSocket::from_std_stream(socket.into()).connect(load.addr).await?;
    let client = Client::connect(load.clone(), Rc::new(()), stream).await?;
    client.stop_reading();
    Ok(client)
}
