//! Decoder of a client's WebSocket frames (RFC 6455), without I/O and in bounded memory.
//!
//! ```text
//! feed(bytes) ─▶ header ─▶ control frame ───────────────▶ next()
//!                     └──▶ message, fragment by fragment ─▶
//! ```
//!
//! A message over the limit is skipped while it streams in: only its first [`PREFIX`] bytes are kept, enough to
//! recognise it, and never more than the limit was buffered. A message of more than [`SKIP_FACTOR`] limits is a
//! violation. Between messages nothing is held, not even a slice of the input.

use bytes::{Buf, Bytes};

mod header;

use header::{Head, Header, Opcode};

use super::violation::ProtocolViolation;

/// Bytes kept of a message that is too large.
pub(crate) const PREFIX: usize = 1024;
/// Factor of the limit up to which a message is skipped instead of closing the session.
pub(super) const SKIP_FACTOR: u64 = 64;
/// Memory allocated before a message's bytes arrive; an announced length allocates no more.
const PREALLOCATION: usize = 16 * 1024;

/// A decoded message or control frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Inbound {
    Text(String),
    Binary(Vec<u8>),
    TooLarge {
        /// The beginning of a text message; empty for a binary one.
        prefix: Vec<u8>,
        bytes: u64,
    },
    Ping(Vec<u8>),
    Pong,
    /// A close, with its optional code.
    Close(Option<u16>),
}

#[derive(Debug)]
pub(crate) struct Decoder {
    limit: usize,
    /// Bytes above which a message is a violation.
    max_skipped: u64,
    input: Bytes,
    header: Header,
    frame: Option<Partial>,
    message: Option<Message>,
    control: Vec<u8>,
}

/// A frame of which `left` bytes are missing.
#[derive(Debug)]
struct Partial {
    head: Head,
    left: u64,
}

#[derive(Debug)]
struct Message {
    text: bool,
    bytes: Vec<u8>,
    /// Announced length, skipped bytes included.
    total: u64,
    over: bool,
}

impl Decoder {
    /// Creates a decoder of messages of up to `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        let (input, control) = (Bytes::new(), Vec::new());
        let max_skipped = SKIP_FACTOR.saturating_mul(limit as u64);
        Self { limit, max_skipped, input, header: Header::default(), frame: None, message: None, control }
    }

    /// Changes the limit; the maximum of skipped messages stays.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Adds input, after [`next`](Self::next) has returned `None`.
    pub(crate) fn feed(&mut self, bytes: Bytes) {
        debug_assert!(self.input.is_empty(), "the last input has been used up");
        self.input = bytes;
    }

    /// The next message or control frame, or `None` until more is fed. Must not be called again after a violation.
    pub(crate) fn next(&mut self) -> Result<Option<Inbound>, ProtocolViolation> {
        loop {
            if self.frame.is_none() {
                let Some(head) = self.header.read(&mut self.input)? else { break };
                self.begin(&head)?;
                self.frame = Some(Partial { left: head.len, head });
            }
            if !self.fill() {
                break;
            }
            if let Some(inbound) = self.end()? {
                return Ok(Some(inbound));
            }
        }
        // An empty slice would keep its buffer alive.
        self.input = Bytes::new();
        Ok(None)
    }

    /// Bytes held.
    pub(crate) fn held(&self) -> usize {
        self.control.capacity() + self.message.as_ref().map_or(0, |message| message.bytes.capacity())
    }

    fn begin(&mut self, head: &Head) -> Result<(), ProtocolViolation> {
        match (head.opcode, &self.message) {
            (Opcode::Text | Opcode::Binary, None) => {
                let text = head.opcode == Opcode::Text;
                self.message = Some(Message { text, bytes: Vec::new(), total: 0, over: false });
            }
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(ProtocolViolation::protocol("a message began inside another"));
            }
            (Opcode::Continuation, None) => {
                return Err(ProtocolViolation::protocol("a continuation of nothing"));
            }
            _ => {}
        }
        match &mut self.message {
            Some(message) if !head.opcode.is_control() => {
                message.announce(head.len, self.limit, self.max_skipped)
            }
            _ => Ok(()),
        }
    }

    /// Consumes the available payload; true when the frame is complete.
    fn fill(&mut self) -> bool {
        let Some(frame) = &mut self.frame else { return false };
        let n = self.input.len().min(usize::try_from(frame.left).unwrap_or(usize::MAX));
        let offset = frame.head.len - frame.left;
        let mask = frame.head.mask_at(offset);
        if frame.head.opcode.is_control() {
            unmask(&mut self.control, &self.input[..n], mask);
        } else if let Some(message) = &mut self.message {
            message.take(&self.input[..n], mask, frame.left);
        }
        self.input.advance(n);
        frame.left -= n as u64;
        frame.left == 0
    }

    fn end(&mut self) -> Result<Option<Inbound>, ProtocolViolation> {
        let Some(Partial { head, .. }) = self.frame.take() else { return Ok(None) };
        match head.opcode {
            Opcode::Ping => Ok(Some(Inbound::Ping(std::mem::take(&mut self.control)))),
            Opcode::Pong => {
                self.control = Vec::new();
                Ok(Some(Inbound::Pong))
            }
            Opcode::Close => {
                close_code(&std::mem::take(&mut self.control)).map(|code| Some(Inbound::Close(code)))
            }
            _ if !head.last => Ok(None),
            _ => self.message.take().map(Message::finish).transpose(),
        }
    }
}

impl Message {
    fn announce(&mut self, len: u64, limit: usize, max_skipped: u64) -> Result<(), ProtocolViolation> {
        self.total = self.total.saturating_add(len);
        if self.total > max_skipped {
            let sentence = format!("message of {} bytes is over the limit of {limit}", self.total);
            return Err(ProtocolViolation { code: 1009, sentence });
        }
        if self.total > limit as u64 && !self.over {
            self.over = true;
            self.bytes.truncate(if self.text { PREFIX } else { 0 });
            self.bytes.shrink_to_fit();
        }
        Ok(())
    }

    fn take(&mut self, masked: &[u8], mask: [u8; 4], left: u64) {
        let kept = if self.text { PREFIX } else { 0 };
        let n =
            if self.over { masked.len().min(kept.saturating_sub(self.bytes.len())) } else { masked.len() };
        if !self.over && self.bytes.capacity() == self.bytes.len() {
            let ahead = usize::try_from(left).unwrap_or(PREALLOCATION).min(PREALLOCATION);
            self.bytes.reserve(n.max(ahead));
        }
        unmask(&mut self.bytes, &masked[..n], mask);
    }

    fn finish(self) -> Result<Inbound, ProtocolViolation> {
        if self.over {
            return Ok(Inbound::TooLarge { prefix: self.bytes, bytes: self.total });
        }
        if !self.text {
            return Ok(Inbound::Binary(self.bytes));
        }
        String::from_utf8(self.bytes)
            .map(Inbound::Text)
            .map_err(|_| ProtocolViolation { code: 1007, sentence: "a text message is not UTF-8".to_owned() })
    }
}

/// Appends the unmasked bytes.
fn unmask(to: &mut Vec<u8>, masked: &[u8], mask: [u8; 4]) {
    let start = to.len();
    to.extend_from_slice(masked);
    let word = u32::from_ne_bytes(mask);
    let mut words = to[start..].chunks_exact_mut(4);
    for chunk in &mut words {
        let clear = u32::from_ne_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]) ^ word;
        chunk.copy_from_slice(&clear.to_ne_bytes());
    }
    for (byte, mask) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

fn close_code(payload: &[u8]) -> Result<Option<u16>, ProtocolViolation> {
    let Some((code, sentence)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(ProtocolViolation::protocol("half a close code"))
        };
    };
    let code = u16::from_be_bytes(*code);
    // RFC 6455 §7.4: the other codes are reserved or undefined.
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) || std::str::from_utf8(sentence).is_err() {
        return Err(ProtocolViolation::protocol("an invalid close frame"));
    }
    Ok(Some(code))
}

#[cfg(test)]
mod tests;
