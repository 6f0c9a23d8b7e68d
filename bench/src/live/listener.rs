//! A client that is checked: it notes what it was shown, whichever way it asked for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem;

use super::rows::{Rows, Seen};
use super::{Auth, sections};
use crate::Fallible;
use crate::client::{Client, Handler};
use crate::load::Load;
use crate::marker;
use crate::message::Interest;
use crate::planner::{Collection, update_coach};

/// A client that only listens.
pub struct Listener {
    auth: Auth,
    /// What it was shown.
    pub seen: RefCell<Seen>,
    /// `changes` that came.
    pub changes: Cell<u32>,
}

impl Listener {
    /// One that has seen nothing yet.
    pub fn new(auth: Auth, rows: Rows) -> Rc<Self> {
        Rc::new(Self { auth, seen: RefCell::new(Seen::new(rows)), changes: Cell::new(0) })
    }

    /// A crowd of them.
    pub fn crowd(count: u32, auth: &Auth, rows: Rows) -> Vec<Rc<Self>> {
        (0..count).map(|_| Self::new(auth.clone(), rows)).collect()
    }
}

impl Handler for Listener {
    fn auth(&self) -> Auth {
        self.auth.clone()
    }

    fn interest(&self, collection: Collection) -> Interest {
        if collection.touched().is_some() { Interest::Markers } else { Interest::Arrival }
    }

    fn snapshot(&self, collection: Collection, markers: &[u32], _packet: &[u8]) {
        if let Some(i) = collection.touched() {
            self.seen.borrow_mut().saw(i, markers.iter().copied());
        }
    }

    fn changes(&self, packet: &[u8]) {
        self.changes.set(self.changes.get() + 1);
        for (i, section) in sections(packet) {
            self.seen.borrow_mut().saw(i, marker::all(section));
        }
    }
}

/// The clients as [`Load::connect`] takes them.
pub fn handlers<T: Handler + 'static>(clients: &[Rc<T>]) -> Vec<Rc<dyn Handler>> {
    clients.iter().map(|client| client.clone() as _).collect()
}

/// The one client that writes, one write at a time.
pub struct Writer {
    load: Rc<Load>,
    rows: Rows,
    listener: Rc<Listener>,
    /// The write that is under way.
    sent: Cell<Option<(u32, Instant)>>,
    took: Cell<Duration>,
    /// The writes made: from the first marker to before the next.
    first: Cell<u32>,
    next: Cell<u32>,
    /// Acks that came before the writer had been sent its own write.
    pub unread: Cell<u32>,
}

impl Writer {
    /// Connects it. Markers go on from the highest there is.
    ///
    /// # Errors
    /// When it does not get its rows.
    pub async fn connect(load: &Rc<Load>, auth: Auth, rows: Rows) -> Fallible<(Rc<Self>, Rc<Client>)> {
        let writer = Rc::new(Self {
            load: load.clone(),
            rows,
            listener: Listener::new(auth, rows),
            sent: Cell::new(None),
            took: Cell::new(Duration::ZERO),
            first: Cell::new(0),
            next: Cell::new(0),
            unread: Cell::new(0),
        });
        let client = load.connect(handlers(std::slice::from_ref(&writer)), 1).await?.remove(0);
        let next = writer.listener.seen.borrow().highest() + 1;
        writer.first.set(next);
        writer.next.set(next);
        Ok((writer, client))
    }

    /// Makes one write, and gives the time from its emit to its ack; none when that takes longer than until `end`.
    pub async fn write(&self, client: &Client, end: Instant) -> Option<Duration> {
        let marker = self.next.replace(self.next.get() + 1);
        let payload = update_coach(self.rows.of(marker), marker);
        self.sent.set(Some((marker, Instant::now())));
        client.emit("update_coach", &payload);
        let acked = self.load.wait(left(end), || self.sent.get().is_none()).await;
        acked.then(|| self.took.get())
    }

    /// Writes made that `listener` has not been shown.
    pub fn missing(&self, listener: &Listener) -> usize {
        match self.first.get() == self.next.get() {
            true => 0,
            false => listener.seen.borrow().missing(self.first.get(), self.next.get() - 1),
        }
    }
}

/// Time left until `end`.
pub fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

impl Handler for Writer {
    fn auth(&self) -> Auth {
        self.listener.auth()
    }

    fn interest(&self, collection: Collection) -> Interest {
        self.listener.interest(collection)
    }

    fn snapshot(&self, collection: Collection, markers: &[u32], packet: &[u8]) {
        self.listener.snapshot(collection, markers, packet);
    }

    fn changes(&self, packet: &[u8]) {
        self.listener.changes(packet);
    }

    fn ack(&self, _client: &Client, packet: &[u8]) {
        let Some((marker, at)) = self.sent.take() else {
            return;
        };
        self.took.set(at.elapsed());
        if memmem::find(packet, b"\"ok\":true").is_none() {
            return self.load.fail(format!("a write failed: {}", String::from_utf8_lossy(packet)));
        }
        if !self.listener.seen.borrow().has(marker) {
            self.unread.set(self.unread.get() + 1);
        }
        self.load.changed.notify_one();
    }
}
