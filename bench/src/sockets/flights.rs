//! Broadcasts that are under way, each known by its number: from when it was emitted until the last
//! client had all of it and the sender its ack.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::load::Load;
use crate::sockets::client::{Client, Handler};
use crate::sockets::packet;
use crate::sockets::payload::{self, Payload};

/// All broadcasts of a run.
pub struct Flights {
    load: Rc<Load>,
    payload: RefCell<Payload>,
    /// Clients that each one must reach.
    clients: u32,
    /// Length of the packet that each client is sent.
    len: u64,
    flights: RefCell<Vec<Flight>>,
    in_air: Cell<usize>,
}

struct Flight {
    sent: Instant,
    /// Clients that do not have it yet.
    missing: u32,
    took: Duration,
    acked: bool,
}

impl Flights {
    /// Broadcasts of `bytes` each to `clients`.
    pub fn new(load: Rc<Load>, clients: u32, bytes: usize) -> Rc<Self> {
        let payload = Payload::new(bytes);
        let len = (br#"42["news",]"#.len() + payload.size()) as u64;
        let payload = RefCell::new(payload);
        Rc::new(Self { load, payload, clients, len, flights: RefCell::default(), in_air: Cell::new(0) })
    }

    /// What a client of the run does with what it receives.
    pub fn handler(self: &Rc<Self>) -> Rc<dyn Handler> {
        Rc::new(Ear { flights: self.clone(), last: Cell::new(0) })
    }

    /// Emits the next one from `client`.
    pub fn launch(&self, client: &Rc<Client>) {
        let number = self.count() as u32 + 1;
        let frame = packet::event(number, "broadcast", self.payload.borrow_mut().numbered(number));
        self.in_air.set(self.in_air.get() + 1);
        let flight =
            Flight { sent: Instant::now(), missing: self.clients, took: Duration::ZERO, acked: false };
        self.flights.borrow_mut().push(flight);
        client.send(frame);
    }

    /// Waits until all have landed, and says whether they did before `limit` or an error.
    pub async fn landed(&self, limit: Duration) -> bool {
        self.load.wait(limit, || self.in_air.get() == 0).await
    }

    /// How many there were.
    pub fn count(&self) -> usize {
        self.flights.borrow().len()
    }

    /// How long those after the first `skip` took to reach everyone; without those that never did.
    pub fn times(&self, skip: usize) -> Vec<Duration> {
        let flights = self.flights.borrow();
        flights.iter().skip(skip).filter(|flight| flight.missing == 0).map(|flight| flight.took).collect()
    }

    /// Packets that were owed and did not come, acks included.
    pub fn undelivered(&self) -> f64 {
        let owed = |flight: &Flight| f64::from(flight.missing) + f64::from(u8::from(!flight.acked));
        self.flights.borrow().iter().map(owed).sum()
    }

    fn with(&self, number: u32, change: impl FnOnce(&mut Flight)) {
        let mut flights = self.flights.borrow_mut();
        let Some(flight) = flights.get_mut((number as usize).wrapping_sub(1)) else {
            return self.load.fail(format!("no broadcast has number {number}"));
        };
        change(flight);
        if flight.missing == 0 && flight.acked {
            self.in_air.set(self.in_air.get() - 1);
            self.load.changed.notify_one();
        }
    }
}

impl Flight {
    fn reached(&mut self) {
        self.missing -= 1;
        if self.missing == 0 {
            self.took = self.sent.elapsed();
        }
    }
}

/// One client. To it, numbers only grow.
struct Ear {
    flights: Rc<Flights>,
    last: Cell<u32>,
}

impl Handler for Ear {
    fn event(&self, head: &[u8], len: u64) {
        let flights = &self.flights;
        match payload::number(head) {
            Some(number)
                if head.starts_with(br#"42["news","#) && len == flights.len && number > self.last.get() =>
            {
                self.last.set(number);
                flights.with(number, Flight::reached);
            }
            _ => flights.load.fail(format!(
                "after number {}, {len} bytes came: {}",
                self.last.get(),
                String::from_utf8_lossy(head)
            )),
        }
    }

    fn ack(&self, _client: &Rc<Client>, head: &[u8], _len: u64) {
        match packet::ack_id(head) {
            Some(number) if head.ends_with(b"[true]") => {
                self.flights.with(number, |flight| flight.acked = true);
            }
            _ => self.flights.load.fail(format!("not acked true: {}", String::from_utf8_lossy(head))),
        }
    }
}
