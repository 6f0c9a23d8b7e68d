//! One writer of a table that is only listed: nobody is sent its rows, so a write ends with its ack.
//!
//! The rows that are written are scattered over the whole table.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem;

use crate::Fallible;
use crate::client::{Client, Handler};
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::planner::update_coach;

/// From one row to the next: a prime, so that all rows get their turn.
const STRIDE: u64 = 7_368_787;
/// How long the last ack may take.
const SETTLE: Duration = Duration::from_secs(10);

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Seconds to measure for.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Seconds to write for before that.
    #[arg(long, default_value_t = 0.5)]
    pub warmup: f64,
}

/// Runs the scenario and reports its figures.
///
/// # Errors
/// When the writer cannot connect, or a write is refused.
pub async fn run(load: Rc<Load>, subject: &Subject, plan: &Plan) -> Fallible<Line> {
    let writer = Rc::new(Writer {
        load: load.clone(),
        rows: subject.rows.max(1),
        next: Cell::new(0),
        sent: Cell::new(None),
        is_stopped: Cell::new(false),
        times: RefCell::default(),
    });
    let clients = load.connect(vec![writer.clone() as Rc<dyn Handler>], 1).await?;
    writer.write(&clients[0]);
    tokio::time::sleep(Duration::from_secs_f64(plan.warmup)).await;
    load.measuring.set(true);
    let start = Stamp::now(subject);
    tokio::time::sleep(Duration::from_secs_f64(plan.seconds)).await;
    let end = Stamp::now(subject);
    load.measuring.set(false);
    writer.is_stopped.set(true);
    let settled = load.wait(SETTLE, || writer.sent.get().is_none()).await;
    let mut times = writer.times.take();
    let acked = times.len() as f64;
    Ok(Line::new("updates", subject)
        .set("acked_s", acked / end.since(&start))
        .times("", &mut times)
        .usage(&load, &start, &end, acked, "write")
        .set("failed", f64::from(u8::from(load.error.borrow().is_some())))
        .set("unacked", f64::from(u8::from(!settled))))
}

struct Writer {
    load: Rc<Load>,
    rows: u32,
    next: Cell<u32>,
    sent: Cell<Option<Instant>>,
    is_stopped: Cell<bool>,
    times: RefCell<Vec<Duration>>,
}

impl Writer {
    fn write(&self, client: &Client) {
        let number = self.next.replace(self.next.get() + 1);
        let row = (u64::from(number) * STRIDE % u64::from(self.rows)) as u32 + 1;
        let payload = update_coach(row, number);
        self.sent.set(Some(Instant::now()));
        client.emit("update_coach", &payload);
    }
}

impl Handler for Writer {
    fn awaits(&self) -> u8 {
        0
    }

    fn ack(&self, client: &Client, packet: &[u8]) {
        let Some(sent) = self.sent.take() else {
            return;
        };
        if memmem::find(packet, b"\"ok\":true").is_none() {
            return self.load.fail(format!("a write failed: {}", String::from_utf8_lossy(packet)));
        }
        if self.load.measuring.get() {
            self.times.borrow_mut().push(sent.elapsed());
        }
        if self.is_stopped.get() {
            self.load.changed.notify_one();
        } else {
            self.write(client);
        }
    }
}
