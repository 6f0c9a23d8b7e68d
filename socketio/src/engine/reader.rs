//! Incoming side of a WebSocket: decodes the request's payload.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use actix_http::Payload;
use futures_core::Stream;

use super::{
    frames::{Decoder, Inbound},
    violation::ProtocolViolation,
};
use crate::session::limiter::{MemoryQuota, MemoryReservation};

pub(super) struct WebSocketReader {
    payload: Payload,
    decoder: Decoder,
    max_payload: usize,
    quota: Arc<MemoryQuota>,
    reservation: MemoryReservation,
    /// Bytes read since the last call of `take_count`.
    bytes: u64,
}

impl WebSocketReader {
    pub(super) fn new(payload: Payload, max_payload: usize, quota: Arc<MemoryQuota>) -> Self {
        let (decoder, reservation) = (Decoder::new(max_payload), quota.reservation());
        Self { payload, decoder, max_payload, quota, reservation, bytes: 0 }
    }

    /// The next message; `None` at the end of the stream.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Inbound, ProtocolViolation>>> {
        self.decoder.set_limit(self.quota.message(self.max_payload));
        loop {
            match self.decoder.next() {
                Ok(Some(message)) => return Poll::Ready(Some(Ok(message))),
                Ok(None) => {}
                Err(violation) => return Poll::Ready(Some(Err(violation))),
            }
            if self.reservation.set(self.decoder.held()).is_err() {
                return Poll::Ready(Some(Err(ProtocolViolation::exhausted())));
            }
            match ready!(Pin::new(&mut self.payload).poll_next(cx)) {
                Some(Ok(bytes)) => {
                    self.bytes += bytes.len() as u64;
                    self.decoder.feed(bytes);
                }
                Some(Err(_)) | None => return Poll::Ready(None),
            }
        }
    }

    pub(super) fn take_count(&mut self) -> u64 {
        std::mem::take(&mut self.bytes)
    }
}
