//! Assembly of binary packets: the packet, then its attachments, with nothing between them.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{
    engine::SessionError, limit_exceeded::LimitExceeded, metrics::Metrics, wire::packet::EventPacket,
};

/// A packet that may have attachments.
pub(super) enum PendingPacket {
    Event(EventPacket, Option<LimitExceeded>),
    Ack { namespace: Box<str>, id: u64, args: Vec<Box<RawValue>> },
}

/// A packet with all its attachments.
pub(super) struct AssembledPacket {
    pub(super) packet: PendingPacket,
    pub(super) attachments: Vec<Bytes>,
    /// Bytes of all pieces.
    pub(super) bytes: u64,
    /// Whether the pieces exceed the limit; `attachments` is empty then.
    pub(super) over: bool,
}

pub(super) struct PacketAssembler {
    waiting: Option<(AssembledPacket, usize)>,
    max_attachments: usize,
}

impl PacketAssembler {
    pub(super) fn new(max_attachments: usize) -> Self {
        Self { waiting: None, max_attachments }
    }

    /// Whether the next message has to be an attachment.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let kept =
            |(assembled, _): &(AssembledPacket, usize)| assembled.attachments.iter().map(Bytes::len).sum();
        self.waiting.as_ref().map_or(0, kept)
    }

    /// Starts a packet with `missing` attachments; returns it at once if there are none.
    pub(super) fn begin(
        &mut self,
        packet: PendingPacket,
        missing: usize,
        bytes: usize,
    ) -> Result<Option<AssembledPacket>, SessionError> {
        if missing > self.max_attachments {
            Metrics::count_limit("max_attachments");
            return Err(SessionError::invalid("too many attachments"));
        }
        let assembled = AssembledPacket { packet, attachments: Vec::new(), bytes: bytes as u64, over: false };
        if missing == 0 {
            return Ok(Some(assembled));
        }
        self.waiting = Some((assembled, missing));
        Ok(None)
    }

    /// Adds an attachment, or records a skipped one; returns the packet after the last one. All pieces have at most
    /// `limit` bytes.
    pub(super) fn attach(
        &mut self,
        attachment: Option<Vec<u8>>,
        bytes: u64,
        limit: usize,
    ) -> Result<Option<AssembledPacket>, SessionError> {
        let Some((assembled, missing)) = &mut self.waiting else {
            return Err(SessionError::invalid("an attachment of nothing"));
        };
        assembled.bytes += bytes;
        *missing -= 1;
        match attachment {
            Some(attachment) if !assembled.over && assembled.bytes <= limit as u64 => {
                assembled.attachments.push(attachment.into());
            }
            _ => {
                assembled.over = true;
                assembled.attachments = Vec::new();
            }
        }
        Ok(self.waiting.take_if(|(_, missing)| *missing == 0).map(|(assembled, _)| assembled))
    }
}
