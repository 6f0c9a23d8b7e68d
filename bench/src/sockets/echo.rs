//! Clients that each send the next `echo` as soon as the last one is acked.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::Fallible;
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::sockets::client::{Client, Handler};
use crate::sockets::crowd;
use crate::sockets::packet;
use crate::sockets::payload::{self, Payload};

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Clients.
    #[arg(long, default_value_t = 1)]
    pub clients: u32,
    /// Bytes of the event's argument, and so of the ack's.
    #[arg(long, default_value_t = 100)]
    pub bytes: usize,
    /// Seconds to measure for.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Seconds to send for before that.
    #[arg(long, default_value_t = 0.5)]
    pub warmup: f64,
}

/// Runs the scenario and reports its figures.
///
/// # Errors
/// When not every client could connect.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let shared = Rc::new(Shared {
        load: load.clone(),
        over: Cell::new(false),
        under_way: Cell::new(0),
        times: RefCell::default(),
    });
    let callers: Vec<_> =
        (0..plan.clients).map(|_| Rc::new(Caller::new(shared.clone(), plan.bytes))).collect();
    let clients = crowd::clients(&load, callers.iter().map(|caller| caller.clone() as _)).await?;
    shared.under_way.set(plan.clients);
    for (caller, client) in callers.iter().zip(&clients) {
        caller.call(client);
    }
    tokio::time::sleep(Duration::from_secs_f64(plan.warmup)).await;
    load.measuring.set(true);
    let start = Stamp::now(subject);
    tokio::time::sleep(Duration::from_secs_f64(plan.seconds)).await;
    let end = Stamp::now(subject);
    load.measuring.set(false);
    shared.over.set(true);
    load.wait(Duration::from_secs(10), || shared.under_way.get() == 0).await;

    let acked = shared.times.borrow().len() as f64;
    Ok(Line::new("echo", subject)
        .set("clients", plan.clients)
        .set("bytes", plan.bytes as f64)
        .set("acked_s", acked / end.since(&start))
        .set("undelivered", shared.under_way.get())
        .times_us(&mut shared.times.borrow_mut())
        .usage(&load, &start, &end, acked, "echo"))
}

struct Shared {
    load: Rc<Load>,
    over: Cell<bool>,
    /// Clients that still go on.
    under_way: Cell<u32>,
    times: RefCell<Vec<Duration>>,
}

struct Caller {
    shared: Rc<Shared>,
    payload: RefCell<Payload>,
    number: Cell<u32>,
    sent: Cell<Instant>,
}

impl Caller {
    fn new(shared: Rc<Shared>, bytes: usize) -> Self {
        Self {
            shared,
            payload: RefCell::new(Payload::new(bytes)),
            number: Cell::new(0),
            sent: Cell::new(Instant::now()),
        }
    }

    fn call(&self, client: &Rc<Client>) {
        let number = self.number.get() + 1;
        self.number.set(number);
        let frame = packet::event(number, "echo", self.payload.borrow_mut().numbered(number));
        self.sent.set(Instant::now());
        client.send(frame);
    }

    /// Whether the ack is that of the last call, with the call's own argument.
    fn is_answered_by(&self, head: &[u8], len: u64) -> bool {
        let number = Some(self.number.get());
        let around = format!("43{}[]", self.number.get()).len();
        packet::ack_id(head) == number
            && payload::number(head) == number
            && len == (around + self.payload.borrow().size()) as u64
    }
}

impl Handler for Caller {
    fn ack(&self, client: &Rc<Client>, head: &[u8], len: u64) {
        let (shared, took) = (&self.shared, self.sent.get().elapsed());
        if !self.is_answered_by(head, len) {
            return shared.load.fail(format!("not its echo: {}", String::from_utf8_lossy(head)));
        }
        if shared.load.measuring.get() {
            shared.times.borrow_mut().push(took);
        }
        if shared.over.get() {
            shared.under_way.set(shared.under_way.get() - 1);
            shared.load.changed.notify_one();
        } else {
            self.call(client);
        }
    }
}
