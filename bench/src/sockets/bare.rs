//! A bare tokio server that does what all servers here are asked for, on the WebSocket transport only:
//! no framework, no JSON, one frame shared by all that are sent it.

use std::io;
use std::sync::{Arc, Mutex};

use memchr::memmem;
use tokio::net::{TcpListener, TcpStream};

use crate::bare::lock;
use crate::bare::peer::{self, Peer};
use crate::wire::joined_frame;

type Crowd = Arc<Mutex<Vec<Arc<Peer>>>>;

/// Serves each connection, for ever.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let crowd = Crowd::default();
    loop {
        let (stream, _) = listener.accept().await?;
        let crowd = crowd.clone();
        tokio::spawn(async move {
            // how a client ends is its own matter
            let _ = session(crowd, stream).await;
        });
    }
}

async fn session(crowd: Crowd, stream: TcpStream) -> io::Result<()> {
    let peer = Peer::open(stream).await?;
    let draining = tokio::spawn(peer.clone().drain());
    let result = listen(&crowd, &peer).await;
    draining.abort();
    lock(&crowd).retain(|other| !Arc::ptr_eq(other, &peer));
    result
}

async fn listen(crowd: &Crowd, peer: &Arc<Peer>) -> io::Result<()> {
    let mut inbox = Vec::new();
    while peer.read(&mut inbox).await? {
        let mut at = 0;
        while let Some((message, len)) = peer::message(&mut inbox[at..]) {
            at += len;
            if message == b"40" {
                let mut crowd = lock(crowd); // who has been let in misses nothing
                send(peer, &[br#"40{"sid":"abcdefghijklmnop"}"#]);
                crowd.push(peer.clone());
            } else if let Some(event) = message.strip_prefix(b"42") {
                answer(crowd, peer, event);
            }
        }
        inbox.drain(..at);
    }
    Ok(())
}

/// `event` is `id["name",argument]`.
fn answer(crowd: &Crowd, peer: &Peer, event: &[u8]) {
    let (id, rest) = event.split_at(memmem::find(event, b"[").unwrap_or(event.len()));
    if let Some(argument) = rest.strip_prefix(br#"["echo","#) {
        send(peer, &[b"43", id, b"[", argument]);
    } else if let Some(argument) = rest.strip_prefix(br#"["broadcast","#) {
        let news = Arc::new(joined_frame(&[br#"42["news","#, argument]));
        lock(crowd).iter().for_each(|peer| peer.send(&news));
        send(peer, &[b"43", id, b"[true]"]);
    }
}

fn send(peer: &Peer, parts: &[&[u8]]) {
    peer.send(&Arc::new(joined_frame(parts)));
}
