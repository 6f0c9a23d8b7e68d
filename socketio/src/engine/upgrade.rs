//! The upgrade from polling to WebSocket: `2probe` is answered with `3probe`, and `5` completes it.
//!
//! ```text
//! client     2probe ──▶      ◀── 3probe     (its waiting GET is released)     5 ──▶  messages
//! session    answers each GET at once                    writes here from now on
//! ```
//!
//! The probe is optional. This code runs on the worker of the connection. Messages go to the session in order, through
//! the same channel as the probe. A busy session blocks the channel, and so TCP.

use std::{
    future::poll_fn,
    rc::Rc,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use actix_http::Payload;
use tokio::time::timeout;
use tracing::debug;

use super::{
    frames::Inbound,
    pipe::Pipe,
    polling::{PollingHandle, PollingRequest, Upgraded},
    reader::WebSocketReader,
    violation::ProtocolViolation,
};
use crate::{config::Config, session::connection::Connection, wire::frame::Frame};

/// Waits for the peer's close after a queued close, with a timeout.
pub(super) async fn close_websocket(
    mut reader: WebSocketReader,
    pipe: Arc<Pipe>,
    connection: Weak<Connection>,
    within: Duration,
) {
    pipe.end();
    let closed = async {
        // Remaining messages are ignored.
        while let Some(Ok(inbound)) = poll_fn(|cx| reader.poll_next(cx)).await {
            if matches!(inbound, Inbound::Close(_)) {
                break;
            }
        }
    };
    let _ = timeout(within, closed).await;
    // actix would wait for the peer to end the connection.
    if let Some(connection) = connection.upgrade() {
        connection.end();
    }
}

/// The connection's side of an upgrade.
pub(super) struct Probe {
    reader: WebSocketReader,
    pipe: Arc<Pipe>,
    connection: Weak<Connection>,
    handle: PollingHandle,
}

/// The reason of a failed upgrade, for the log.
type UpgradeError = &'static str;

impl Probe {
    pub(super) fn new(
        handle: PollingHandle,
        pipe: Arc<Pipe>,
        connection: Weak<Connection>,
        payload: Payload,
        config: &Config,
    ) -> Self {
        let reader = WebSocketReader::new(payload, config.max_payload, handle.quota().clone());
        Self { reader, pipe, connection, handle }
    }

    pub(super) async fn run(mut self, config: Rc<Config>) {
        let handle = self.handle.clone();
        let upgraded = tokio::select! {
            upgraded = timeout(config.upgrade_timeout, self.probe()) => upgraded.unwrap_or(Err("it took too long")),
            () = handle.ended() => Err("the session has ended"),
        };
        if let Err(why) = upgraded {
            debug!(sid = %self.handle.sid, why, "upgrade failed");
            let _ = self.handle.send(PollingRequest::ProbeLost).await;
            self.handle.set_probing(false);
            self.pipe.push(Frame::close(1002, why).into_bytes());
            return close_websocket(self.reader, self.pipe, self.connection, config.close_timeout).await;
        }
        while let Some(inbound) = poll_fn(|cx| self.reader.poll_next(cx)).await {
            let over = inbound.is_err();
            if self.handle.send(PollingRequest::Inbound(inbound)).await.is_err() || over {
                return;
            }
        }
        let _ = self.handle.send(PollingRequest::Lost).await;
    }

    async fn probe(&mut self) -> Result<(), UpgradeError> {
        match self.next().await?.as_str() {
            "2probe" => {}
            // Minimal clients skip the probe, since the WebSocket is open. The server cannot observe whether its response has left.
            "5" => return self.take_over(true).await,
            _ => return Err("expected a probe"),
        }
        self.pipe.push(Frame::text("3probe").into_bytes());
        self.handle.send(PollingRequest::Probed).await.map_err(|_| "the session is gone")?;
        // A client that did not wait for the response may receive it through actix later.
        let mut waited = false;
        let packet = poll_fn(|cx| {
            let packet = self.poll_text(cx);
            waited |= packet.is_pending();
            packet
        });
        if packet.await? != "5" {
            return Err("expected the upgrade");
        }
        self.take_over(!waited).await
    }

    async fn take_over(&self, early: bool) -> Result<(), UpgradeError> {
        let upgraded = Upgraded { pipe: self.pipe.clone(), connection: self.connection.clone(), early };
        self.handle.upgraded();
        self.handle.send(PollingRequest::Upgraded(upgraded)).await.map_err(|_| "the session is gone")
    }

    async fn next(&mut self) -> Result<String, UpgradeError> {
        poll_fn(|cx| self.poll_text(cx)).await
    }

    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Result<String, UpgradeError>> {
        loop {
            let Poll::Ready(inbound) = self.reader.poll_next(cx) else { return Poll::Pending };
            return Poll::Ready(match inbound {
                Some(Ok(Inbound::Ping(_))) if self.pipe.poll_capacity(cx).is_pending() => {
                    Err("too many pings")
                }
                Some(Ok(Inbound::Ping(payload))) => {
                    self.pipe.push(Frame::pong(&payload).into_bytes());
                    continue;
                }
                Some(Ok(Inbound::Pong)) => continue,
                Some(Ok(Inbound::Text(text))) => Ok(text),
                Some(Ok(_) | Err(ProtocolViolation { .. })) => Err("expected a text packet"),
                None => Err("the connection was closed"),
            });
        }
    }
}
