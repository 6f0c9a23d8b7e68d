//! Writers that each send the next `update_coach` as soon as the last one is acked, beside
//! listeners that only receive.
//!
//! When time is up the writers stop and the run is held against the contract:
//!
//! - **unacked**, **failed**: every write is acked, and carried out;
//! - **undelivered**: every client ends with the last state of every collection that changed;
//! - **unread**: every writer had been sent its own write, or a later one, before its ack;
//! - **backwards**: no writer was ever sent an older state after a newer one;
//! - **gaps**: every acked write made one version, and no version is missing.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem::{self, Finder};

use crate::Fallible;
use crate::check::{Eyes, Ledger, shows};
use crate::client::{Client, Handler};
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::marker;
use crate::message::Interest;
use crate::planner::{Collection, coach_prefix, integer, update_coach};

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Clients that write; writer `i` updates row `i % rows + 1`.
    #[arg(long, default_value_t = 1)]
    pub writers: u32,
    /// Clients that only listen.
    #[arg(long, default_value_t = 0)]
    pub listeners: u32,
    /// Seconds to measure for.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Seconds to write for before that.
    #[arg(long, default_value_t = 0.5)]
    pub warmup: f64,
    /// Seconds the last writes may take to be acked, and then to reach everyone.
    #[arg(long, default_value_t = 10.0)]
    pub settle: f64,
}

/// Runs the scenario and reports its figures.
///
/// # Errors
/// When not every client could connect.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let crowd = Crowd::new(load.clone(), subject, plan);
    let clients = crowd.connect().await?;
    for (writer, client) in crowd.writers.iter().zip(&clients) {
        writer.write(client);
    }
    tokio::time::sleep(Duration::from_secs_f64(plan.warmup)).await;
    load.measuring.set(true);
    let start = Stamp::now(subject);
    tokio::time::sleep(Duration::from_secs_f64(plan.seconds)).await;
    let end = Stamp::now(subject);
    load.measuring.set(false);

    let undelivered = crowd.settle(Duration::from_secs_f64(plan.settle)).await;
    let acked = f64::from(crowd.shared.acked.get());
    let line = Line::new("writes", subject)
        .set("writers", plan.writers)
        .set("listeners", plan.listeners)
        .set("acked_s", acked / end.since(&start))
        .times("", &mut crowd.shared.times.borrow_mut())
        .usage(&load, &start, &end, acked, "write")
        .set("undelivered", undelivered as f64);
    Ok(crowd.verdict(line))
}

/// All that take part.
struct Crowd {
    shared: Rc<Shared>,
    writers: Vec<Rc<Writer>>,
    listeners: Vec<Rc<Kept>>,
}

impl Crowd {
    fn new(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Self {
        let shared = Rc::new(Shared::new(load));
        let writer = |i| Rc::new(Writer::new(shared.clone(), i % subject.rows.max(1) + 1));
        let writers = (0..plan.writers).map(writer).collect();
        let listeners = (0..plan.listeners).map(|_| Rc::default()).collect();
        Self { shared, writers, listeners }
    }

    /// Connects them all, and gives the writers' clients. Markers go on from the highest there is.
    async fn connect(&self) -> Fallible<Vec<Rc<Client>>> {
        let load = &self.shared.load;
        let clients = load.connect(self.writers.iter().map(|w| w.clone() as _).collect(), 16).await?;
        load.connect(self.listeners.iter().map(|l| l.clone() as _).collect(), 16).await?;
        let coaches = self.writers.iter().map(|w| w.kept.packets[0].borrow());
        let highest = coaches.filter_map(|packet| marker::highest(&packet)).max();
        self.shared.ledger.replace(Ledger::new(highest.unwrap_or(0) + 1));
        Ok(clients)
    }

    /// Stops the writers, waits until all is acked and everyone has the last state, and says how
    /// many collections of clients never came to show it.
    async fn settle(&self, limit: Duration) -> usize {
        let load = &self.shared.load;
        self.shared.stopped.set(true);
        load.wait(limit, || self.unacked() == 0).await;
        let state = self.shared.ledger.borrow().last_state();
        let end = Instant::now() + limit;
        while self.behind(&state) > 0 && Instant::now() < end && load.error.borrow().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.behind(&state)
    }

    fn behind(&self, state: &[String]) -> usize {
        let writers = self.writers.iter().map(|writer| &writer.kept);
        let everyone = writers.chain(self.listeners.iter().map(|listener| &**listener));
        let packets = everyone.flat_map(|kept| &kept.packets);
        packets.filter(|packet| !shows(&packet.borrow(), state)).count()
    }

    fn unacked(&self) -> usize {
        self.writers.iter().filter(|writer| writer.sent.get().is_some()).count()
    }

    /// Adds the promises that were broken.
    fn verdict(&self, line: Line) -> Line {
        let ledger = self.shared.ledger.borrow();
        let eyes = || self.writers.iter().flat_map(|writer| &writer.eyes);
        let unread: usize = eyes().map(|eyes| eyes.borrow().unread(&ledger)).sum();
        let backwards: usize = eyes().map(|eyes| eyes.borrow().backwards(&ledger)).sum();
        line.set("failed", self.shared.failed.get())
            .set("unacked", self.unacked() as f64)
            .set("unread", unread as f64)
            .set("backwards", backwards as f64)
            .set("gaps", ledger.gaps() as f64)
    }
}

/// What the writers share.
struct Shared {
    load: Rc<Load>,
    ledger: RefCell<Ledger>,
    stopped: Cell<bool>,
    acked: Cell<u32>,
    failed: Cell<u32>,
    times: RefCell<Vec<Duration>>,
}

impl Shared {
    fn new(load: Rc<Load>) -> Self {
        Self {
            load,
            ledger: RefCell::new(Ledger::new(1)),
            stopped: Cell::new(false),
            acked: Cell::new(0),
            failed: Cell::new(0),
            times: RefCell::default(),
        }
    }
}

/// The latest packet of each collection that changes. A listener is just this.
#[derive(Default)]
struct Kept {
    packets: [RefCell<Vec<u8>>; Collection::TOUCHED.len()],
}

impl Handler for Kept {
    fn interest(&self, collection: Collection) -> Interest {
        if collection.touched().is_some() { Interest::Body } else { Interest::Arrival }
    }

    fn snapshot(&self, collection: Collection, _markers: &[u32], packet: &[u8]) {
        if let Some(i) = collection.touched() {
            let mut kept = self.packets[i].borrow_mut();
            kept.clear();
            kept.extend_from_slice(packet);
        }
    }
}

/// A client with one write under way at a time, always to the same row.
struct Writer {
    shared: Rc<Shared>,
    row: u32,
    prefix: Finder<'static>,
    kept: Kept,
    eyes: [RefCell<Eyes>; Collection::TOUCHED.len()],
    sent: Cell<Option<(u32, Instant)>>,
}

impl Writer {
    fn new(shared: Rc<Shared>, row: u32) -> Self {
        let prefix = Finder::new(&coach_prefix(row)).into_owned();
        Self { shared, row, prefix, kept: Kept::default(), eyes: Default::default(), sent: Cell::new(None) }
    }

    fn write(&self, client: &Client) {
        let marker = self.shared.ledger.borrow_mut().begin(self.row);
        let payload = update_coach(self.row, marker);
        self.sent.set(Some((marker, Instant::now())));
        client.emit("update_coach", &payload);
    }

    fn note(&self, marker: u32, took: Duration, packet: &[u8]) {
        let shared = &self.shared;
        let ok = memmem::find(packet, b"\"ok\":true").is_some();
        if ok {
            shared.ledger.borrow_mut().commit(marker, integer(packet, "version").unwrap_or(0));
            self.eyes.iter().for_each(|eyes| eyes.borrow_mut().acked(marker));
        } else {
            shared.failed.set(shared.failed.get() + 1);
            shared.load.fail(format!("a write failed: {}", String::from_utf8_lossy(packet)));
        }
        if ok && shared.load.measuring.get() {
            shared.acked.set(shared.acked.get() + 1);
            shared.times.borrow_mut().push(took);
        }
    }
}

impl Handler for Writer {
    fn interest(&self, collection: Collection) -> Interest {
        self.kept.interest(collection)
    }

    fn snapshot(&self, collection: Collection, markers: &[u32], packet: &[u8]) {
        self.kept.snapshot(collection, markers, packet);
        let Some(i) = collection.touched() else {
            return;
        };
        if let Some(at) = self.prefix.find(packet)
            && let Some(number) = marker::number(&packet[at + self.prefix.needle().len()..])
        {
            self.eyes[i].borrow_mut().saw(number);
        }
    }

    fn ack(&self, client: &Client, packet: &[u8]) {
        let Some((marker, at)) = self.sent.take() else {
            return;
        };
        self.note(marker, at.elapsed(), packet);
        if self.shared.stopped.get() {
            self.shared.load.changed.notify_one();
        } else {
            self.write(client);
        }
    }
}
