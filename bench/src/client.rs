//! One stock client on the WebSocket transport.
//!
//! ```text
//! socket ─▶ frames ─▶ message ─▶ the scenario's Handler
//! socket ◀── pong, 40, emit ◀───────────┘
//! ```
//!
//! All clients live on one thread and read into one buffer; a client that is idle holds no
//! buffer at all. Answers are written at once, from where the message ended.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::Fallible;
use crate::live::Auth;
use crate::load::Load;
use crate::message::{Interest, Kind, Message};
use crate::planner::Collection;
use crate::stream;
use crate::wire::{self, Frames, Piece};

/// How long a client may take from connecting to the last of what it is sent first.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// All collections, one bit each.
const READY: u8 = (1 << Collection::ALL.len()) - 1;

/// What a scenario makes of what one client receives.
pub trait Handler {
    /// How much of a collection this client looks at.
    fn interest(&self, _collection: Collection) -> Interest {
        Interest::Arrival
    }

    /// The collections that it is sent before it counts as connected, one bit each: none where all are only listed.
    fn awaits(&self) -> u8 {
        READY
    }

    /// What this client says of itself when it connects.
    fn auth(&self) -> Auth {
        Auth::default()
    }

    /// A collection has come: its markers or its packet, as [`Self::interest`] asked for.
    fn snapshot(&self, _collection: Collection, _markers: &[u32], _packet: &[u8]) {}

    /// What a group of commits changed has come.
    fn changes(&self, _packet: &[u8]) {}

    /// An event was answered.
    fn ack(&self, _client: &Client, _packet: &[u8]) {}
}

/// A client that looks at nothing.
impl Handler for () {}

fn add(cell: &Cell<u64>, n: u64) {
    cell.set(cell.get() + n);
}

/// A connected client.
pub struct Client {
    load: Rc<Load>,
    handler: Rc<dyn Handler>,
    write: OwnedWriteHalf,
    unsent: RefCell<Vec<u8>>,
    auth: Auth,
    is_open: Cell<bool>,
    /// One bit for each collection that has come.
    arrived: Cell<u8>,
    settled: Notify,
    acks: Cell<u64>,
    reading: OnceCell<AbortHandle>,
}

impl Client {
    /// Emits an event that wants an ack.
    pub fn emit(&self, event: &str, payload: &str) {
        self.acks.set(self.acks.get() + 1);
        let packet = format!("42{}[\"{event}\",{payload}]", self.acks.get());
        self.send(wire::TEXT, packet.as_bytes());
    }

    /// Goes away without a word, as a machine does that falls asleep.
    pub fn leave(&self) {
        if let Some(reading) = self.reading.get() {
            reading.abort(); // and its end of the connection is dropped with it
        }
    }

    /// Connects, and waits until it has the snapshots, or the changes that it asked for instead.
    ///
    /// # Errors
    /// When it does not get that far.
    pub(crate) async fn connect(load: Rc<Load>, handler: Rc<dyn Handler>) -> Fallible<Rc<Client>> {
        let (read, write, early) = stream::upgrade(stream::connect(load.addr).await?, "").await?;
        let client = Rc::new(Client {
            load,
            auth: handler.auth(),
            handler,
            write,
            unsent: RefCell::default(),
            is_open: Cell::new(false),
            arrived: Cell::new(0),
            settled: Notify::new(),
            acks: Cell::new(0),
            reading: OnceCell::new(),
        });
        let reading = client.clone();
        let task = tokio::task::spawn_local(async move {
            let error = match reading.read(read, early).await {
                Ok(()) => "the server closed a connection".to_owned(),
                Err(error) => format!("a connection broke: {error}"),
            };
            reading.load.closed.set(reading.load.closed.get() + 1);
            reading.load.fail(error);
            reading.settled.notify_one();
        });
        client.reading.set(task.abort_handle()).ok();
        tokio::time::timeout(READY_WITHIN, client.settled.notified())
            .await
            .map_err(|_| "a client did not get all rows in time")?;
        match client.is_ready() {
            true => Ok(client),
            false => Err(client.load.error.borrow().clone().unwrap_or_default().into()),
        }
    }

    fn is_ready(&self) -> bool {
        let awaits = self.handler.awaits();
        self.is_open.get() && self.arrived.get() & awaits == awaits
    }

    /// Notes that it is connected, or that one more of what a client is sent first is in.
    fn arrive(&self, bits: u8) {
        let was_ready = self.is_ready();
        self.is_open.set(true);
        self.arrived.set(self.arrived.get() | bits);
        if !was_ready && self.is_ready() {
            self.settled.notify_one();
        }
    }

    async fn read(&self, mut read: OwnedReadHalf, early: Vec<u8>) -> io::Result<()> {
        let (mut frames, mut message) = (Frames::default(), Message::default());
        let mut open = self.feed(&mut frames, &mut message, &early);
        while open {
            let fed = stream::chunk(&mut read, |bytes| self.feed(&mut frames, &mut message, bytes));
            open = fed.await?.unwrap_or(false);
            while !self.unsent.borrow().is_empty() {
                self.write.writable().await?;
                self.flush();
            }
        }
        Ok(())
    }

    /// False once the server has closed.
    fn feed(&self, frames: &mut Frames, message: &mut Message, mut bytes: &[u8]) -> bool {
        if self.load.measuring.get() {
            add(&self.load.bytes, bytes.len() as u64);
        }
        let interest = |collection| self.handler.interest(collection);
        while let Some(piece) = frames.next(&mut bytes) {
            match piece {
                Piece::Data(data) => message.data(data, interest),
                Piece::End => {
                    let kind = message.end(interest);
                    self.received(kind, message.markers(), &message.kept);
                    message.clear();
                }
                Piece::Ping => self.send(wire::PONG, b""),
                Piece::Close => return false,
            }
        }
        true
    }

    fn received(&self, kind: Kind, markers: &[u32], packet: &[u8]) {
        if self.load.measuring.get() {
            add(&self.load.messages, 1);
        }
        match kind {
            Kind::Open => self.send(wire::TEXT, self.auth.packet().as_bytes()),
            Kind::Ping => self.send(wire::TEXT, b"3"),
            Kind::Ack => self.handler.ack(self, packet),
            Kind::Snapshot(collection) => {
                self.handler.snapshot(collection, markers, packet);
                self.arrive(1 << collection.index());
            }
            Kind::Changes => {
                self.handler.changes(packet);
                if self.auth.since.is_some() {
                    self.arrive(READY);
                }
            }
            Kind::Connect => self.arrive(0),
            Kind::Event => {}
            Kind::Other => self.load.fail(format!("unexpected packet: {}", String::from_utf8_lossy(packet))),
        }
    }

    fn send(&self, opcode: u8, payload: &[u8]) {
        wire::client_frame(&mut self.unsent.borrow_mut(), opcode, payload);
        self.flush();
    }

    /// Writes what the socket takes; the reading task sees to the rest, which is rare.
    fn flush(&self) {
        let mut unsent = self.unsent.borrow_mut();
        let sent = match self.write.try_write(&unsent) {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => unsent.len(), // the reading task meets the same error and tells
        };
        unsent.drain(..sent);
    }
}
