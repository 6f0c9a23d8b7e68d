//! Writers that each create the next coach as soon as the last one is acked.
//!
//! - **failed**, **unacked**: every `new_coach` is acked, and carried out;
//! - **doubled**: no id was given out twice;
//! - **undelivered**, **unread**: every client has been shown every new row, and its own before its ack. This is
//!   checked of clients that ask for changes: a snapshot is as large as all that was created before.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem;

use super::{Auth, Live, sections};
use crate::client::{Client, Handler};
use crate::figures::{Line, Stamp, Subject};
use crate::load::Load;
use crate::planner::{integer, new_coach};
use crate::{Fallible, marker};

/// How much to do.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// Clients that write.
    #[arg(long, default_value_t = 64)]
    pub writers: u32,
    /// What they ask for.
    #[arg(long, value_enum, default_value_t = Live::Changes)]
    pub live: Live,
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
    let work = Rc::new(Work::new(load.clone()));
    let writers: Vec<_> =
        (0..plan.writers).map(|_| Rc::new(Writer::new(work.clone(), plan.live.into()))).collect();
    let clients = load.connect(super::listener::handlers(&writers), 16).await?;
    for (writer, client) in writers.iter().zip(&clients) {
        writer.write(client);
    }
    tokio::time::sleep(Duration::from_secs_f64(plan.warmup)).await;
    load.measuring.set(true);
    let start = Stamp::now(subject);
    tokio::time::sleep(Duration::from_secs_f64(plan.seconds)).await;
    let stop = Stamp::now(subject);
    load.measuring.set(false);

    work.stopped.set(true);
    let limit = Duration::from_secs_f64(plan.settle);
    load.wait(limit, || writers.iter().all(|writer| writer.sent.get().is_none())).await;
    let unacked = writers.iter().filter(|writer| writer.sent.get().is_some()).count();
    let measured = work.times.borrow().len() as f64;
    let line = Line::new("inserts", subject)
        .set("writers", plan.writers)
        .text("live", plan.live.name())
        .set("acked_s", measured / stop.since(&start))
        .times("", &mut work.times.borrow_mut())
        .usage(&load, &start, &stop, measured, "write")
        .set("failed", work.failed.get())
        .set("unacked", unacked as f64)
        .set("doubled", f64::from(work.created.get()) - work.ids.borrow().len() as f64);
    Ok(match plan.live {
        Live::Snapshots => line,
        Live::Changes => line
            .set("undelivered", work.settle(&writers, limit).await as f64)
            .set("unread", work.unread.get()),
    })
}

/// What the writers share.
struct Work {
    load: Rc<Load>,
    stopped: Cell<bool>,
    next: Cell<u32>,
    created: Cell<u32>,
    failed: Cell<u32>,
    unread: Cell<u32>,
    ids: RefCell<HashSet<u32>>,
    times: RefCell<Vec<Duration>>,
}

impl Work {
    fn new(load: Rc<Load>) -> Self {
        Self {
            load,
            stopped: Cell::new(false),
            next: Cell::new(0),
            created: Cell::new(0),
            failed: Cell::new(0),
            unread: Cell::new(0),
            ids: RefCell::default(),
            times: RefCell::default(),
        }
    }

    /// Waits until everyone has been shown every row, and says how often someone was not.
    async fn settle(&self, writers: &[Rc<Writer>], limit: Duration) -> usize {
        let missing = || {
            let shown = |writer: &Rc<Writer>| writer.shown.borrow().iter().filter(|shown| **shown).count();
            writers.iter().map(|writer| (self.created.get() as usize).saturating_sub(shown(writer))).sum()
        };
        let end = Instant::now() + limit;
        while missing() > 0 && Instant::now() < end && self.load.error.borrow().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        missing()
    }
}

/// A client with one write under way at a time.
struct Writer {
    work: Rc<Work>,
    auth: Auth,
    sent: Cell<Option<(u32, Instant)>>,
    /// By marker, whether this client was shown the row.
    shown: RefCell<Vec<bool>>,
}

impl Writer {
    fn new(work: Rc<Work>, auth: Auth) -> Self {
        Self { work, auth, sent: Cell::new(None), shown: RefCell::default() }
    }

    fn write(&self, client: &Client) {
        let marker = self.work.next.replace(self.work.next.get() + 1);
        let payload = new_coach(marker);
        self.sent.set(Some((marker, Instant::now())));
        client.emit("new_coach", &payload);
    }

    fn note(&self, marker: u32, took: Duration, packet: &[u8]) {
        let work = &self.work;
        let id = integer(packet, "id").filter(|_| memmem::find(packet, b"\"ok\":true").is_some());
        let Some(id) = id else {
            work.failed.set(work.failed.get() + 1);
            return work.load.fail(format!("a write failed: {}", String::from_utf8_lossy(packet)));
        };
        work.created.set(work.created.get() + 1);
        work.ids.borrow_mut().insert(id);
        if self.shown.borrow().get(marker as usize) != Some(&true) {
            work.unread.set(work.unread.get() + 1);
        }
        if work.load.measuring.get() {
            work.times.borrow_mut().push(took);
        }
    }
}

impl Handler for Writer {
    fn auth(&self) -> Auth {
        self.auth.clone()
    }

    fn changes(&self, packet: &[u8]) {
        let mut shown = self.shown.borrow_mut();
        for marker in sections(packet).flat_map(|(_, section)| marker::all(section)) {
            let at = marker as usize;
            if shown.len() <= at {
                shown.resize(at + 1, false);
            }
            shown[at] = true;
        }
    }

    fn ack(&self, client: &Client, packet: &[u8]) {
        let Some((marker, at)) = self.sent.take() else {
            return;
        };
        self.note(marker, at.elapsed(), packet);
        if self.work.stopped.get() {
            self.work.load.changed.notify_one();
        } else {
            self.write(client);
        }
    }
}
