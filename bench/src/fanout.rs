//! One write at a time, each timed until the last of many clients has every collection that it
//! changed. The next is sent when everyone has it and the writer its ack.
//!
//! Coach 1 is the row that is written, so a snapshot's first marker is the write it knows of, and one
//! `changes` has it in both collections.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem;

use crate::Fallible;
use crate::client::{Client, Handler};
use crate::figures::{Line, Stamp, Subject};
use crate::live::{Auth, Live, sections};
use crate::load::Load;
use crate::marker;
use crate::message::Interest;
use crate::planner::{Collection, update_coach};

/// How long one write may take to reach everyone.
const SETTLE_WITHIN: Duration = Duration::from_secs(20);
/// Writes sent before those that count.
const WARMUP: u32 = 3;

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Clients that each write must reach.
    #[arg(long, default_value_t = 100)]
    pub clients: u32,
    /// Seconds to measure for; at least three writes are measured.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// What the clients ask for.
    #[arg(long, value_enum, default_value_t = Live::Snapshots)]
    pub live: Live,
}

/// Runs the scenario and reports its figures.
///
/// # Errors
/// When not every client could connect.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let flight = Rc::new(Flight::new(load.clone(), plan));
    let writer = Rc::new(Writer { flight: flight.clone(), seen: Cell::new(0) });
    let writers = load.connect(vec![writer.clone() as Rc<dyn Handler>], 1).await?;
    let audience = (0..plan.clients).map(|_| Rc::new(Listener::new(flight.clone())) as Rc<dyn Handler>);
    let _audience = load.connect(audience.collect(), 16).await?;
    let mut marker = writer.seen.get();

    let (mut sent, mut undelivered) = (0, 0);
    let mut start = Stamp::now(subject);
    let limit = Duration::from_secs_f64(plan.seconds);
    while undelivered == 0
        && (sent < WARMUP + 3 || flight.measured.get().is_none_or(|at| at.elapsed() < limit))
    {
        if sent == WARMUP {
            start = Stamp::now(subject);
            flight.measure();
        }
        marker += 1;
        sent += 1;
        flight.begin(marker);
        writers[0].emit("update_coach", &update_coach(1, marker));
        if !load.wait(SETTLE_WITHIN, || flight.has_landed()).await {
            undelivered = flight.missing.get().max(1);
        }
    }
    let end = Stamp::now(subject);
    load.measuring.set(false);

    let delivered = flight.last.borrow().len() as f64;
    Ok(Line::new("fanout", subject)
        .set("clients", plan.clients)
        .set("changes", u8::from(plan.live == Live::Changes))
        .set("writes", delivered)
        .set("undelivered", undelivered)
        .set("kb_per_client", load.bytes.get() as f64 / 1e3 / delivered / f64::from(plan.clients + 1))
        .times("", &mut flight.last.borrow_mut())
        .times("ack_", &mut flight.acks.borrow_mut())
        .usage(&load, &start, &end, delivered, "write"))
}

/// The write that is under way.
struct Flight {
    load: Rc<Load>,
    live: Live,
    clients: u32,
    marker: Cell<u32>,
    sent: Cell<Instant>,
    /// Clients that do not have it yet.
    missing: Cell<u32>,
    acked: Cell<bool>,
    measured: Cell<Option<Instant>>,
    /// Of each measured write: until the last client had it, and until its ack.
    last: RefCell<Vec<Duration>>,
    acks: RefCell<Vec<Duration>>,
}

impl Flight {
    fn new(load: Rc<Load>, plan: &Plan) -> Self {
        Self {
            load,
            live: plan.live,
            clients: plan.clients,
            marker: Cell::new(u32::MAX),
            sent: Cell::new(Instant::now()),
            missing: Cell::new(0),
            acked: Cell::new(true),
            measured: Cell::new(None),
            last: RefCell::default(),
            acks: RefCell::default(),
        }
    }

    fn measure(&self) {
        self.measured.set(Some(Instant::now()));
        self.load.measuring.set(true);
    }

    fn begin(&self, marker: u32) {
        self.marker.set(marker);
        self.missing.set(self.clients);
        self.acked.set(false);
        self.sent.set(Instant::now());
    }

    fn has_landed(&self) -> bool {
        self.missing.get() == 0 && self.acked.get()
    }

    fn record(&self, times: &RefCell<Vec<Duration>>) {
        if self.measured.get().is_some() {
            times.borrow_mut().push(self.sent.get().elapsed());
        }
        self.load.changed.notify_one();
    }
}

struct Listener {
    flight: Rc<Flight>,
    /// The last marker seen in each collection.
    seen: [Cell<u32>; Collection::TOUCHED.len()],
}

impl Listener {
    fn new(flight: Rc<Flight>) -> Self {
        Self { flight, seen: Default::default() }
    }

    /// The last write that this client has all of.
    fn has(&self) -> u32 {
        self.seen.iter().map(Cell::get).min().unwrap_or(0)
    }

    /// Its `i`th collection shows the marker now.
    fn saw(&self, i: usize, marker: u32) {
        let (before, wanted) = (self.has(), self.flight.marker.get());
        self.seen[i].set(marker);
        if before < wanted && self.has() == wanted {
            self.flight.missing.set(self.flight.missing.get() - 1);
            if self.flight.missing.get() == 0 {
                self.flight.record(&self.flight.last);
            }
        }
    }
}

impl Handler for Listener {
    fn auth(&self) -> Auth {
        self.flight.live.into()
    }

    fn interest(&self, collection: Collection) -> Interest {
        if collection.touched().is_some() { Interest::Marker } else { Interest::Arrival }
    }

    fn snapshot(&self, collection: Collection, markers: &[u32], _packet: &[u8]) {
        if let (Some(i), Some(marker)) = (collection.touched(), markers.first()) {
            self.saw(i, *marker);
        }
    }

    fn changes(&self, packet: &[u8]) {
        for (i, section) in sections(packet) {
            if let Some(marker) = marker::highest(section) {
                self.saw(i, marker);
            }
        }
    }
}

/// Learns from its first snapshot where markers stand.
struct Writer {
    flight: Rc<Flight>,
    seen: Cell<u32>,
}

impl Handler for Writer {
    fn auth(&self) -> Auth {
        self.flight.live.into()
    }

    fn interest(&self, collection: Collection) -> Interest {
        if collection.touched().is_some() { Interest::Marker } else { Interest::Arrival }
    }

    fn snapshot(&self, _collection: Collection, markers: &[u32], _packet: &[u8]) {
        let marker = markers.first().copied().unwrap_or(0);
        self.seen.set(self.seen.get().max(marker));
    }

    fn ack(&self, _client: &Client, packet: &[u8]) {
        if memmem::find(packet, b"\"ok\":true").is_none() {
            self.flight.load.fail(format!("a write failed: {}", String::from_utf8_lossy(packet)));
        }
        self.flight.acked.set(true);
        self.flight.record(&self.flight.acks);
    }
}
