//! One socket of the bare server.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use memchr::memmem;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::{Bytes, lock};
use crate::wire::server_frame;

/// The answer to the one key that the load generator sends, which is RFC 6455's example.
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const OPEN: &[u8] =
    br#"0{"sid":"abcdefghijklmnop","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

/// A connected client: its socket, and what the socket had no room for.
pub(super) struct Peer {
    stream: TcpStream,
    queue: Mutex<VecDeque<(Bytes, usize)>>,
    queued: Notify,
}

impl Peer {
    /// Upgrades the connection and sends the Engine.IO handshake.
    pub(super) async fn open(stream: TcpStream) -> io::Result<Arc<Self>> {
        stream.set_nodelay(true)?;
        let peer = Arc::new(Self { stream, queue: Mutex::default(), queued: Notify::new() });
        let mut request = Vec::new();
        while memmem::find(&request, b"\r\n\r\n").is_none() {
            if !peer.read(&mut request).await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut hello = SWITCH.to_vec();
        server_frame(&mut hello, OPEN);
        peer.send(&Arc::new(hello));
        Ok(peer)
    }

    /// Appends what has come to `inbox`; false at the end.
    pub(super) async fn read(&self, inbox: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_read_buf(inbox) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Ok(read? > 0),
            }
        }
    }

    /// Writes at once when nothing waits: no task wakes unless the socket is full.
    pub(super) fn send(&self, bytes: &Bytes) {
        let mut queue = lock(&self.queue);
        let sent = if queue.is_empty() { self.stream.try_write(bytes).unwrap_or(0) } else { 0 };
        if sent < bytes.len() {
            queue.push_back((bytes.clone(), sent));
            self.queued.notify_one();
        }
    }

    /// Writes what waits, as the socket takes it, until the client is gone.
    pub(super) async fn drain(self: Arc<Self>) {
        loop {
            self.queued.notified().await;
            while !lock(&self.queue).is_empty() {
                if self.stream.writable().await.is_err() || self.flush().is_err() {
                    return;
                }
            }
        }
    }

    /// Writes what waits until the socket is full.
    fn flush(&self) -> io::Result<()> {
        let mut queue = lock(&self.queue);
        while let Some((bytes, at)) = queue.front_mut() {
            match self.stream.try_write(&bytes[*at..]) {
                Ok(sent) => *at += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            if *at == bytes.len() {
                queue.pop_front();
            }
        }
        Ok(())
    }
}

/// The first message of `inbox`, unmasked, and how long its frame was; none while it is incomplete.
/// A client of ours sends whole messages of less than 64 KiB.
pub(super) fn message(inbox: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (len, at) = match inbox.get(1)? & 0x7f {
        126 => (usize::from(u16::from_be_bytes([*inbox.get(2)?, *inbox.get(3)?])), 4),
        short => (usize::from(short), 2),
    };
    let mask = inbox.get(at..at + 4)?;
    let payload = inbox.get(at + 4..at + 4 + len)?;
    let message = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Some((message, at + 4 + len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{TEXT, client_frame};

    #[test]
    fn messages_are_read_once_they_are_whole() {
        let text = "x".repeat(300);
        let mut inbox = Vec::new();
        client_frame(&mut inbox, TEXT, b"3");
        let first = inbox.len();
        client_frame(&mut inbox, TEXT, text.as_bytes());

        assert_eq!(message(&inbox), Some((b"3".to_vec(), first)));
        assert_eq!(message(&inbox[first..]), Some((text.into_bytes(), inbox.len() - first)));
        assert_eq!(message(&inbox[first..inbox.len() - 1]), None);
        assert_eq!(message(&[]), None);
    }
}
