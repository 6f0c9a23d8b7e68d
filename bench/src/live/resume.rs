//! A crowd that was cut off comes back all at once: how long until the last is up to date again, and in how much of
//! the server's CPU time.
//!
//! While it is away, writes are made. Who asks for changes comes back with its cursor and should be sent what it
//! missed; who asks for snapshots is sent everything.
//!
//! - **undelivered**: clients × writes that a client was not shown once it was back, nor a later one to the same row;
//! - **unresumed**: clients that came with a cursor and were sent snapshots all the same.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::listener::{Listener, Writer, handlers, left};
use super::rows::Rows;
use super::{Auth, Live, cursor};
use crate::Fallible;
use crate::client::{Client, Handler};
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::message::Interest;
use crate::planner::Collection;

/// How long the server may take to notice that the crowd has gone.
const PAUSE: Duration = Duration::from_millis(500);

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Coaches there are.
    #[arg(long, default_value_t = 1000)]
    pub coaches: u32,
    /// Clients that come back.
    #[arg(long, default_value_t = 1000)]
    pub clients: u32,
    /// What they ask for.
    #[arg(long, value_enum, default_value_t = Live::Snapshots)]
    pub live: Live,
    /// Writes made while they are away.
    #[arg(long, default_value_t = 200)]
    pub writes: u32,
    /// Coaches that are written in turn.
    #[arg(long, default_value_t = 100)]
    pub spread: u32,
    /// Seconds that all of it may take before it is given up.
    #[arg(long, default_value_t = 60.0)]
    pub within: f64,
}

/// Runs the scenario and reports its figures, or that it was given up.
///
/// # Errors
/// When a client is refused, or the numbers of rows do not fit.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let line = Line::new("resume", subject)
        .set("coaches", plan.coaches)
        .set("clients", plan.clients)
        .set("writes", plan.writes)
        .text("live", plan.live.name());
    let end = Instant::now() + Duration::from_secs_f64(plan.within);
    match tokio::time::timeout(left(end), measure(&load, subject, plan)).await {
        Ok(measured) => Ok(measured?.tell(line, &load)),
        Err(_) => Ok(line.set("gave_up_s", plan.within)),
    }
}

async fn measure(load: &Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Return> {
    let rows = Rows::new(plan.spread, plan.coaches, subject.rows)?;
    let auth: Auth = plan.live.into();
    let before = load.connect(handlers(&Listener::crowd(plan.clients, &auth, rows)), 16).await?;
    let since = place(load, &auth).await?;
    before.iter().for_each(|client| client.leave());
    tokio::time::sleep(PAUSE).await;

    let (writer, client) = Writer::connect(load, auth, rows).await?;
    for _ in 0..plan.writes {
        // whoever waits for all of this gives up sooner
        let acked = writer.write(&client, Instant::now() + 2 * Duration::from_secs_f64(plan.within)).await;
        acked.ok_or_else(|| load.error.borrow().clone().unwrap_or_default())?;
    }
    let crowd = Listener::crowd(plan.clients, &Auth { live: plan.live, since }, rows);
    load.measuring.set(true);
    let start = Stamp::now(subject);
    let clients = load.connect(handlers(&crowd), crowd.len()).await?;
    let stop = Stamp::now(subject);
    load.measuring.set(false);
    Ok(Return { writer, crowd, _clients: clients, start, stop, live: plan.live })
}

/// Where a client stands that is up to date; nowhere in particular if it asks for snapshots.
async fn place(load: &Rc<Load>, auth: &Auth) -> Fallible<Option<String>> {
    if auth.live == Live::Snapshots {
        return Ok(None);
    }
    let witness = Rc::new(Witness { auth: auth.clone(), cursor: RefCell::default() });
    load.connect(vec![witness.clone() as _], 1).await?.remove(0).leave();
    let cursor = witness.cursor.take();
    if cursor.is_none() {
        return Err("the snapshots carry no cursor".into());
    }
    Ok(cursor)
}

/// What there is to report.
struct Return {
    writer: Rc<Writer>,
    crowd: Vec<Rc<Listener>>,
    _clients: Vec<Rc<Client>>,
    start: Stamp,
    stop: Stamp,
    live: Live,
}

impl Return {
    fn tell(&self, line: Line, load: &Load) -> Line {
        let missing: usize = self.crowd.iter().map(|client| self.writer.missing(client)).sum();
        let not_resumed = self.crowd.iter().filter(|client| client.changes.get() == 0).count();
        let unresumed = if self.live == Live::Changes { not_resumed } else { 0 };
        line.set("last_ms", self.stop.since(&self.start) * 1e3)
            .usage(load, &self.start, &self.stop, self.crowd.len() as f64, "client")
            .set("undelivered", missing as f64)
            .set("unresumed", unresumed as f64)
            .set("unread", self.writer.unread.get())
    }
}

/// Keeps the cursor that came last.
struct Witness {
    auth: Auth,
    cursor: RefCell<Option<String>>,
}

impl Handler for Witness {
    fn auth(&self) -> Auth {
        self.auth.clone()
    }

    fn interest(&self, _collection: Collection) -> Interest {
        Interest::Body
    }

    fn snapshot(&self, _collection: Collection, _markers: &[u32], packet: &[u8]) {
        self.changes(packet);
    }

    fn changes(&self, packet: &[u8]) {
        if let Some(cursor) = cursor(packet) {
            self.cursor.replace(Some(cursor.to_owned()));
        }
    }
}
