//! Outgoing packets: WebSocket frames that all recipients share.
//!
//! Frames of a server are not masked, so their bytes are equal for all. An event with attachments is its text frame and
//! a binary frame for each attachment, in one piece, so that nothing comes between them. A polling client receives the
//! content of the frames (see [`payload`](crate::wire::payload)).

use std::sync::Arc;

use bytes::Bytes;

use crate::wire::payload::largest_message;

/// An encoded packet. A clone shares the bytes.
#[derive(Debug, Clone)]
pub struct Frame {
    bytes: Bytes,
    /// Length of the first WebSocket header, and of its content.
    text: (u8, u32),
    /// Further pieces of a series.
    rest: Option<Arc<[Bytes]>>,
}

impl Frame {
    /// A frame of these bytes. `text` is the length of the first WebSocket header, and that of its content.
    pub(super) fn new(bytes: Bytes, text: (u8, u32)) -> Self {
        Self { bytes, text, rest: None }
    }

    /// Arbitrary bytes.
    #[cfg(test)]
    pub(crate) fn raw(bytes: Bytes) -> Self {
        Self { bytes, text: (0, 0), rest: None }
    }

    /// Joins several frames into one piece, so that nothing comes between them.
    pub fn concat(frames: &[Self]) -> Self {
        if let [only] = frames {
            return only.clone();
        }
        let text = frames.first().map_or((0, 0), |first| first.text);
        let pieces: Vec<&[u8]> = frames.iter().flat_map(Self::pieces).map(|bytes| &bytes[..]).collect();
        Self { bytes: pieces.concat().into(), text, rest: None }
    }

    /// Joins several frames that leave one after another, at the client's pace. Only heartbeats go between them. Unsent
    /// ones are dropped with the series.
    pub fn series(frames: &[Self]) -> Self {
        let mut pieces = frames.iter().flat_map(Self::pieces).cloned();
        let bytes = pieces.next().unwrap_or_default();
        let rest: Arc<[Bytes]> = pieces.collect();
        let text = frames.first().map_or((0, 0), |first| first.text);
        Self { bytes, text, rest: Some(rest).filter(|rest| !rest.is_empty()) }
    }

    /// Ties `guard` to the bytes: it is dropped when the last copy has been written or dropped.
    #[must_use]
    pub fn with_drop_guard(self, guard: impl Send + Sync + 'static) -> Self {
        struct Guarded<W>(Bytes, W);
        impl<W> AsRef<[u8]> for Guarded<W> {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        let guarded = |bytes: Bytes| Bytes::from_owner(Guarded(bytes, guard));
        match self.rest.as_deref().and_then(<[Bytes]>::split_last) {
            None => Self { bytes: guarded(self.bytes), ..self },
            Some((last, between)) => {
                let rest = between.iter().cloned().chain([guarded(last.clone())]).collect();
                Self { rest: Some(rest), ..self }
            }
        }
    }

    /// Bytes on the wire, with the WebSocket headers.
    #[allow(clippy::len_without_is_empty, reason = "no frame is empty")]
    pub fn len(&self) -> usize {
        self.pieces().map(Bytes::len).sum()
    }

    /// Bytes of the largest message in the frame.
    pub fn largest_message(&self) -> usize {
        self.pieces().map(|bytes| largest_message(bytes)).max().unwrap_or_default()
    }

    /// Text of the packet: the content of the first WebSocket frame.
    pub fn packet(&self) -> &[u8] {
        let (start, len) = (usize::from(self.text.0), self.text.1 as usize);
        &self.bytes[start..start + len]
    }

    /// Bytes of a frame that is not a series.
    pub(crate) fn into_bytes(self) -> Bytes {
        debug_assert!(self.rest.is_none(), "a series has several pieces");
        self.bytes
    }

    /// Pieces that leave one at a time: one, unless this is a series.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.bytes).chain(self.rest.as_deref().unwrap_or_default())
    }
}
