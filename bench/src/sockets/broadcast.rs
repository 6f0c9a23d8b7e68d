//! One broadcast at a time, each timed from its emit until the last of many clients, the sender among
//! them, has all of it. The next is sent when everyone has it and the sender its ack.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::Fallible;
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::sockets::crowd;
use crate::sockets::flights::Flights;

/// How long one broadcast may take.
const LAND_WITHIN: Duration = Duration::from_secs(60);
/// Broadcasts that are measured at least, however long they take.
const AT_LEAST: usize = 3;

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Clients that each broadcast must reach.
    #[arg(long, default_value_t = 100)]
    pub clients: u32,
    /// Bytes of the event's argument.
    #[arg(long, default_value_t = 10_000)]
    pub bytes: usize,
    /// Seconds to measure for.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Seconds to broadcast for before that.
    #[arg(long, default_value_t = 0.5)]
    pub warmup: f64,
}

/// Runs the scenario and reports its figures.
///
/// # Errors
/// When not every client could connect.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let flights = Flights::new(load.clone(), plan.clients, plan.bytes);
    let clients = crowd::clients(&load, (0..plan.clients).map(|_| flights.handler())).await?;
    let sender = clients.first().ok_or("nobody to broadcast to")?;

    let fly = async |seconds: f64, at_least: usize| {
        let (began, before) = (Instant::now(), flights.count());
        let limit = Duration::from_secs_f64(seconds);
        while began.elapsed() < limit || flights.count() < before + at_least {
            flights.launch(sender);
            if !flights.landed(LAND_WITHIN).await {
                break;
            }
        }
        flights.count()
    };
    let skip = fly(plan.warmup, 1).await;
    load.measuring.set(true);
    let start = Stamp::now(subject);
    let count = fly(plan.seconds, AT_LEAST).await - skip;
    let end = Stamp::now(subject);
    load.measuring.set(false);

    Ok(Line::new("broadcast", subject)
        .set("clients", plan.clients)
        .set("bytes", plan.bytes as f64)
        .set("broadcasts", count as f64)
        .set("undelivered", flights.undelivered())
        .times("", &mut flights.times(skip))
        .usage(&load, &start, &end, count as f64, "broadcast"))
}
