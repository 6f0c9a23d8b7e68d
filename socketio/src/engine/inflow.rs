//! A WebSocket's incoming side: the request's payload, as messages.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_http::Payload;
use futures_core::Stream;

use super::frames::{Decoder, Inbound, Violation};

pub(super) struct Inflow {
    payload: Payload,
    decoder: Decoder,
    /// Bytes read since this was last asked.
    bytes: u64,
}

impl Inflow {
    pub(super) fn new(payload: Payload, limit: usize) -> Self {
        Self { payload, decoder: Decoder::new(limit), bytes: 0 }
    }

    /// The next message; `None` when no more will come.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Inbound, Violation>>> {
        loop {
            match self.decoder.next() {
                Ok(Some(message)) => return Poll::Ready(Some(Ok(message))),
                Ok(None) => {}
                Err(violation) => return Poll::Ready(Some(Err(violation))),
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
