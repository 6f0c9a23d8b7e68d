//! A client as the layer above its session: progress, backpressure, deadlines, and the end.

use std::task::{Context, Poll};

use tokio::time::Instant;

use super::{Client, HeldEvents, driver::SocketDriver};
use crate::{
    engine::{Message, SessionError, SessionLayer},
    metrics::Metrics,
    reason::Reason,
};

/// Factor by which `max_inbox` grows while a handler waits for an ack, because the ack may stand behind the queued
/// events.
const AWAITING_ACK_FACTOR: usize = 8;

impl SessionLayer for Client {
    fn message(&mut self, message: Message) -> Result<(), SessionError> {
        match message {
            Message::Text(text) => self.packet(&text[1..]),
            Message::Binary(bytes) => {
                let len = bytes.len() as u64;
                self.attachment(Some(bytes), len)
            }
            Message::TooLarge { prefix, bytes } => self.too_large(&prefix, bytes),
        }?;
        self.count()
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { drivers, namespaces, worker, join_by, disconnected_by_server, .. } = self;
        drivers.retain_mut(|driver| {
            if driver.poll(cx) {
                *join_by = Instant::now() + namespaces.config.connect_timeout;
                disconnected_by_server.truncate(namespaces.config.max_sockets);
                disconnected_by_server.insert(0, driver.nsp.name.clone());
            }
            if driver.is_over() {
                worker.hub.release(&driver.nsp);
            }
            !driver.is_over()
        });
        self.hold();
        // Releasing memory cannot fail.
        let _ = self.count();
        if self.ended && self.drivers.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn is_full(&self) -> bool {
        let (items, bytes) = self.waiting();
        // A handler that waits for the client's ack must not prevent it from being read.
        let times =
            if self.drivers.iter().any(SocketDriver::is_awaiting_ack) { AWAITING_ACK_FACTOR } else { 1 };
        let config = self.config();
        items >= config.max_inbox.saturating_mul(times)
            || bytes
                >= self.session.quota().message(config.max_payload.saturating_mul(2)).saturating_mul(times)
    }

    fn is_idle(&self) -> bool {
        self.drivers.iter().all(SocketDriver::is_idle)
    }

    fn deadline(&self) -> Option<Instant> {
        let join_by = (!self.drivers.iter().any(SocketDriver::is_joined_or_joining)).then_some(self.join_by);
        let read_by = self.held.as_ref().map(|held| held.until);
        join_by.into_iter().chain(read_by).min()
    }

    fn overdue(&mut self) -> Option<SessionError> {
        if let Some(held) = self.held.take_if(|held| held.until <= Instant::now()) {
            match self.session.bytes_written() > held.taken {
                true => self.wait_for_reading(),
                false => self.session.evict("unread_timeout"),
            }
            return None;
        }
        let sentence = format!("no connect packet within {:?}", self.config().connect_timeout);
        Some(SessionError { code: 1008, sentence, reason: Reason::ConnectTimeout })
    }

    fn drain(&mut self) {
        self.draining = true;
    }

    fn end(&mut self, reason: Reason, gone: bool) {
        if !std::mem::replace(&mut self.ended, true) {
            self.drivers.iter_mut().for_each(|driver| driver.end(reason, gone));
        }
    }
}

impl Client {
    /// Starts or stops the read timeout.
    fn hold(&mut self) {
        if !self.drivers.iter().any(SocketDriver::is_held) {
            self.held = None;
        } else if self.held.is_none() {
            Metrics::count_limit("max_unread_acks");
            self.wait_for_reading();
        }
    }

    fn wait_for_reading(&mut self) {
        let until = Instant::now() + self.config().unread_timeout;
        self.held = Some(HeldEvents { taken: self.session.bytes_written(), until });
    }
}
