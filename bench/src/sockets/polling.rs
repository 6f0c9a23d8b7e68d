//! One client on the polling transport, and its upgrade to a WebSocket.
//!
//! It uses one connection for its requests, and never has more than one of them under way.

use std::rc::Rc;

use memchr::memmem;

use crate::load::Load;
use crate::sockets::client::Client;
use crate::sockets::http::Http;
use crate::sockets::packet::check_settings;
use crate::{Fallible, stream};

/// What stands between the packets of one body.
const SEPARATOR: u8 = 0x1e;
/// What no packet begins with.
const NOTHING: &[u8] = &[SEPARATOR];

/// A client in the main namespace.
pub struct Polling {
    http: Http,
    sid: String,
    /// Whether a GET is under way.
    parked: bool,
}

impl Polling {
    /// Connects to the main namespace, up to the answer with the socket's id.
    ///
    /// # Errors
    /// When the server answers otherwise than it should.
    pub async fn connect(load: &Load) -> Fallible<Self> {
        let mut http = Http::connect(load.addr).await?;
        let open = http.get("").await?;
        check_settings(&open)?;
        let sid = format!("&sid={}", sid(&open).ok_or("a handshake without sid")?);
        http.post(&sid, "40").await?;
        let mut polling = Self { http, sid, parked: false };
        loop {
            polling.park().await?;
            if polling.response(b"40{\"sid\":").await? {
                return Ok(polling);
            }
        }
    }

    /// Leaves a GET pending, as a client that waits for events does. Says whether one already was: a ping may
    /// have ended it.
    ///
    /// # Errors
    /// When the connection is gone, or anything but pings came.
    pub async fn stay(&mut self) -> Fallible<bool> {
        if self.parked && self.http.is_pending() {
            return Ok(true);
        }
        if self.parked {
            self.response(NOTHING).await?;
        }
        self.park().await?;
        Ok(false)
    }

    async fn park(&mut self) -> Fallible<()> {
        self.parked = true;
        self.http.begin_get(&self.sid).await
    }

    /// Makes a WebSocket of it, as the stock client does: probes with a GET pending, which the server
    /// then ends with a noop.
    ///
    /// # Errors
    /// When the server answers otherwise than it should.
    pub async fn upgrade(mut self, load: Rc<Load>) -> Fallible<Rc<Client>> {
        self.park().await?;
        let stream = stream::connect(load.addr).await?;
        let sid = self.sid.trim_start_matches("&sid=");
        let client = Client::probe(load, stream, sid).await?;
        // a ping may be what ends the GET, and leaves the noop for the next
        while !self.response(b"6").await? {
            self.park().await?;
        }
        client.upgrade();
        Ok(client)
    }

    /// Takes the answer to the pending GET, and says whether a packet in it begins as `wanted`. Pings are
    /// answered; what else is in it is an error.
    async fn response(&mut self, wanted: &[u8]) -> Fallible<bool> {
        let (body, mut found) = (self.http.response().await?, false);
        self.parked = false;
        for packet in body.split(|byte| *byte == SEPARATOR) {
            if packet == b"2" {
                self.http.post(&self.sid, "3").await?;
            } else if packet.starts_with(wanted) {
                found = true;
            } else {
                return Err(format!("unexpected packets: {}", String::from_utf8_lossy(&body)).into());
            }
        }
        Ok(found)
    }
}

/// The session's id in its handshake.
fn sid(open: &[u8]) -> Option<&str> {
    let at = memmem::find(open, b"\"sid\":\"")? + 7;
    std::str::from_utf8(open[at..].split(|byte| *byte == b'"').next()?).ok()
}
