//! One socket of the bare server.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

use memchr::memmem;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::{Bytes, lock};
use crate::wire::{server_frame, unmask};

/// The answer to the one key that the load generator sends, which is RFC 6455's example.
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
const OPEN: &[u8] =
    br#"0{"sid":"abcdefghijklmnop","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":10000000}"#;

/// A connected client: its socket, and what the socket had no room for.
pub(crate) struct Peer {
    stream: TcpStream,
    queue: Mutex<VecDeque<(Bytes, usize)>>,
    queued: Notify,
}

impl Peer {
    /// Upgrades the connection and sends the Engine.IO handshake.
    pub(crate) async fn open(stream: TcpStream) -> io::Result<Arc<Self>> {
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
    pub(crate) async fn read(&self, inbox: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_read_buf(inbox) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Ok(read? > 0),
            }
        }
    }

    /// Writes at once when nothing waits: no task wakes unless the socket is full.
    pub(crate) fn send(&self, bytes: &Bytes) {
        let mut queue = lock(&self.queue);
        let sent = if queue.is_empty() { self.stream.try_write(bytes).unwrap_or(0) } else { 0 };
        if sent < bytes.len() {
            queue.push_back((bytes.clone(), sent));
            self.queued.notify_one();
        }
    }

    /// Writes what waits, as the socket takes it, until the client is gone.
    pub(crate) async fn drain(self: Arc<Self>) {
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

/// The first message of `inbox`, unmasked where it stands, and how long its frame was; none while it is
/// incomplete. A client of ours sends every message whole.
pub(crate) fn message(inbox: &mut [u8]) -> Option<(&[u8], usize)> {
    let (len, at) = match inbox.get(1)? & 0x7f {
        126 => (usize::from(u16::from_be_bytes(array(inbox, 2)?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(array(inbox, 2)?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    let mask = array(inbox, at)?;
    let message = inbox.get_mut(at + 4..at + 4 + len)?;
    unmask(message, mask);
    Some((message, at + 4 + len))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{TEXT, client_frame, masked_frame};

    #[test]
    fn messages_are_read_when_complete() {
        let text = "x".repeat(300);
        let mut inbox = Vec::new();
        client_frame(&mut inbox, TEXT, b"3");
        let first = inbox.len();
        client_frame(&mut inbox, TEXT, text.as_bytes());

        let end = inbox.len();
        assert_eq!(message(&mut inbox), Some((&b"3"[..], first)));
        assert_eq!(message(&mut inbox[first..end - 1]), None);
        assert_eq!(message(&mut inbox[first..]), Some((text.as_bytes(), end - first)));
        assert_eq!(message(&mut []), None);
    }

    #[test]
    fn masked_message_of_any_length_is_unmasked() {
        for len in [0, 1, 7, 8, 125, 126, 65_535, 65_536, 100_003] {
            let (text, mut inbox) = ("xyz".repeat(len).split_off(2 * len), Vec::new());
            masked_frame(&mut inbox, &[text.as_bytes()]);
            let whole = inbox.len();
            assert_eq!(message(&mut inbox), Some((text.as_bytes(), whole)));
        }
    }
}
