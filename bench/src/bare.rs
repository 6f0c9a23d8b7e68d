//! A bare WebSocket server on tokio: no framework, no database, just enough Engine.IO and
//! Socket.IO for the load generator, which is the only client it is made for.
//!
//! What it sends is up to a [`Source`]. It answers an event by writing straight to every socket from the
//! task that read it, which is the least that anyone can do; only where a socket is full does
//! another task wake up.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpStream};

use crate::live::{Auth, Live};
use crate::wire::server_frame;

pub(crate) mod peer;

use peer::Peer;

/// Bytes shared by all that are sent them.
pub type Bytes = Arc<Vec<u8>>;

/// What a bare server has to say.
pub trait Source: Send + 'static {
    /// The frames that a client gets on connecting, by what it says of itself.
    fn connect(&self, auth: &Auth) -> Bytes;

    /// What follows an event, `id["name",payload]`, in the order it is to be sent.
    fn event(&mut self, event: &[u8]) -> Vec<Reply>;
}

/// A consequence of an event.
pub enum Reply {
    /// Frames for every client.
    Everyone(Bytes),
    /// Frames for every client that asked for it so.
    Asking(Live, Bytes),
    /// Frames for the client whose event it was.
    Sender(Bytes),
}

/// The frame that acks the event: `43`, the id that `event` begins with, and `answer`.
pub fn ack(event: &[u8], answer: &str) -> Reply {
    let digits = event.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut frame = Vec::new();
    server_frame(&mut frame, &[b"43", &event[..digits], b"[", answer.as_bytes(), b"]"].concat());
    Reply::Sender(Arc::new(frame))
}

/// Serves each connection, for ever.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(listener: TcpListener, source: impl Source) -> io::Result<()> {
    let room = Arc::new(Mutex::new(Room { source, peers: Vec::new() }));
    loop {
        let (stream, _) = listener.accept().await?;
        let room = room.clone();
        tokio::spawn(async move {
            // how a client ends is its own matter
            let _ = session(room, stream).await;
        });
    }
}

/// All that are connected. Its lock is what puts all frames in one order.
struct Room<S> {
    source: S,
    peers: Vec<(Arc<Peer>, Live)>,
}

impl<S: Source> Room<S> {
    fn enter(&mut self, peer: &Arc<Peer>, auth: &Auth) {
        peer.send(&self.source.connect(auth));
        self.peers.push((peer.clone(), auth.live));
    }

    fn event(&mut self, sender: &Peer, event: &[u8]) {
        for reply in self.source.event(event) {
            match reply {
                Reply::Everyone(bytes) => self.peers.iter().for_each(|(peer, _)| peer.send(&bytes)),
                Reply::Asking(live, bytes) => {
                    let asking = self.peers.iter().filter(|(_, asked)| *asked == live);
                    asking.for_each(|(peer, _)| peer.send(&bytes));
                }
                Reply::Sender(bytes) => sender.send(&bytes),
            }
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn session<S: Source>(room: Arc<Mutex<Room<S>>>, stream: TcpStream) -> io::Result<()> {
    let peer = Peer::open(stream).await?;
    let draining = tokio::spawn(peer.clone().drain());
    let result = listen(&room, &peer).await;
    draining.abort();
    lock(&room).peers.retain(|(other, _)| !Arc::ptr_eq(other, &peer));
    result
}

async fn listen<S: Source>(room: &Mutex<Room<S>>, peer: &Arc<Peer>) -> io::Result<()> {
    let mut inbox = Vec::new();
    while peer.read(&mut inbox).await? {
        let mut at = 0;
        while let Some((message, len)) = peer::message(&mut inbox[at..]) {
            at += len;
            if message.starts_with(b"40") {
                let auth = Auth::parse(message);
                let mut hello = Vec::new();
                server_frame(&mut hello, br#"40{"sid":"abcdefghijklmnop"}"#);
                server_frame(&mut hello, br#"42["connected",{"data":"id: abcdefghijklmnop is connected"}]"#);
                peer.send(&Arc::new(hello));
                lock(room).enter(peer, &auth);
            } else if let Some(event) = message.strip_prefix(b"42") {
                lock(room).event(peer, event);
            }
        }
        inbox.drain(..at);
    }
    Ok(())
}
