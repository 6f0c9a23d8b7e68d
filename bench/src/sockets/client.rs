//! One client on the WebSocket transport, in the main namespace.
//!
//! ```text
//! socket ─▶ frames ─▶ a message's first bytes and length ─▶ the scenario's Handler
//! socket ◀── 40, pong, events ◀────────────────────────────────────┘
//! ```
//!
//! Of a message only the first bytes are kept, the rest is counted: what a megabyte costs here is
//! what the kernel asks for handing it over.

use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::load::Load;
use crate::sockets::packet::{Message, check_settings};
use crate::wire::{self, Frames, Piece};
use crate::{Fallible, stream};

/// How long a client may take until it is in the namespace.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// What a scenario makes of what one client receives. Of each packet it is given the first bytes
/// and the whole length.
pub trait Handler {
    /// An event has come.
    fn event(&self, _head: &[u8], _len: u64) {}

    /// An event was acked.
    fn ack(&self, _client: &Rc<Client>, _head: &[u8], _len: u64) {}
}

/// A client that looks at nothing.
impl Handler for () {}

/// A connected client.
pub struct Client {
    load: Rc<Load>,
    handler: Rc<dyn Handler>,
    write: OwnedWriteHalf,
    /// What the socket had no room for, while a task is at it.
    unsent: RefCell<Option<Vec<u8>>>,
    ready: Cell<bool>,
    settled: Notify,
    reading: OnceCell<AbortHandle>,
}

impl Client {
    /// Connects to the main namespace.
    ///
    /// # Errors
    /// When it does not get that far.
    pub(crate) async fn connect(
        load: Rc<Load>,
        handler: Rc<dyn Handler>,
        stream: TcpStream,
    ) -> Fallible<Rc<Self>> {
        Self::open(load, handler, stream, "", None).await
    }

    /// Probes the upgrade of the session with `sid`; [`Self::upgrade`] completes it.
    ///
    /// # Errors
    /// When the server does not answer the probe.
    pub(crate) async fn probe(load: Rc<Load>, stream: TcpStream, sid: &str) -> Fallible<Rc<Self>> {
        Self::open(load, Rc::new(()), stream, &format!("&sid={sid}"), Some(b"2probe")).await
    }

    /// From here on this is the session's only transport.
    pub(crate) fn upgrade(self: &Rc<Self>) {
        self.send_text(&[b"5"]);
    }

    async fn open(
        load: Rc<Load>,
        handler: Rc<dyn Handler>,
        stream: TcpStream,
        query: &str,
        first: Option<&[u8]>,
    ) -> Fallible<Rc<Self>> {
        let (read, write, early) = stream::upgrade(stream, query).await?;
        let client = Rc::new(Self {
            load,
            handler,
            write,
            unsent: RefCell::default(),
            ready: Cell::new(false),
            settled: Notify::new(),
            reading: OnceCell::new(),
        });
        let task = tokio::task::spawn_local(client.clone().run(read, early));
        let _ = client.reading.set(task.abort_handle());
        if let Some(first) = first {
            client.send_text(&[first]);
        }
        let settled = tokio::time::timeout(READY_WITHIN, client.settled.notified()).await;
        settled.map_err(|_| "a client was not let in in time")?;
        match client.ready.get() {
            true => Ok(client),
            false => Err(client.load.error.borrow().clone().unwrap_or_default().into()),
        }
    }

    /// Takes nothing more from the connection, which ends when the client is dropped.
    pub fn stop_reading(&self) {
        if let Some(task) = self.reading.get() {
            task.abort();
        }
    }

    async fn run(self: Rc<Self>, read: OwnedReadHalf, early: Vec<u8>) {
        let error = match self.read(read, early).await {
            Ok(()) => "the server closed a connection".to_owned(),
            Err(error) => format!("a connection broke: {error}"),
        };
        self.load.closed.set(self.load.closed.get() + 1);
        self.load.fail(error);
        self.settled.notify_one();
    }

    async fn read(self: &Rc<Self>, mut read: OwnedReadHalf, early: Vec<u8>) -> io::Result<()> {
        let (mut frames, mut message) = (Frames::default(), Message::default());
        let mut open = self.feed(&mut frames, &mut message, &early);
        while open {
            let fed = stream::chunk(&mut read, |bytes| self.feed(&mut frames, &mut message, bytes));
            open = fed.await?.unwrap_or(false);
        }
        Ok(())
    }

    /// False once the server has closed.
    fn feed(self: &Rc<Self>, frames: &mut Frames, message: &mut Message, mut bytes: &[u8]) -> bool {
        let load = &self.load;
        if load.measuring.get() {
            load.bytes.set(load.bytes.get() + bytes.len() as u64);
        }
        while let Some(piece) = frames.next(&mut bytes) {
            match piece {
                Piece::Data(data) => message.data(data),
                Piece::End => {
                    self.received(&message.head, message.len);
                    message.clear();
                }
                // none of the servers sends one unasked: Engine.IO has its own
                Piece::Ping => load.fail("a WebSocket ping"),
                Piece::Close => return false,
            }
        }
        true
    }

    fn received(self: &Rc<Self>, head: &[u8], len: u64) {
        let load = &self.load;
        if load.measuring.get() {
            load.messages.set(load.messages.get() + 1);
        }
        match head {
            [b'4', b'2', ..] => self.handler.event(head, len),
            [b'4', b'3', ..] => self.handler.ack(self, head, len),
            [b'2'] => self.send_text(&[b"3"]),
            [b'0', open @ ..] => match check_settings(open) {
                Ok(()) => self.send_text(&[b"40"]),
                Err(error) => load.fail(error.to_string()),
            },
            [b'4', b'0', b'{', ..] | b"3probe" => {
                self.ready.set(true);
                self.settled.notify_one();
            }
            _ => load.fail(format!("unexpected packet: {}", String::from_utf8_lossy(head))),
        }
    }

    fn send_text(self: &Rc<Self>, parts: &[&[u8]]) {
        let mut frame = Vec::new();
        wire::masked_frame(&mut frame, parts);
        self.send(frame);
    }

    /// Sends a whole frame, as [`packet::event`](super::packet::event) makes them.
    pub fn send(self: &Rc<Self>, frame: Vec<u8>) {
        let mut unsent = self.unsent.borrow_mut();
        if let Some(unsent) = &mut *unsent {
            unsent.extend_from_slice(&frame);
            return;
        }
        let sent = self.try_write(&frame);
        if sent < frame.len() {
            *unsent = Some(frame);
            tokio::task::spawn_local(self.clone().drain(sent));
        }
    }

    /// Writes what is unsent from `at` on, as the socket takes it.
    async fn drain(self: Rc<Self>, mut at: usize) {
        while self.write.writable().await.is_ok() {
            let mut unsent = self.unsent.borrow_mut();
            at += self.try_write(unsent.as_deref().unwrap_or_default().split_at(at).1);
            if unsent.as_ref().is_none_or(|unsent| unsent.len() == at) {
                *unsent = None;
                return;
            }
        }
    }

    /// How much of `bytes` is off our hands.
    fn try_write(&self, bytes: &[u8]) -> usize {
        match self.write.try_write(bytes) {
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(_) => bytes.len(), // the reading task meets the same error and tells
        }
    }
}
