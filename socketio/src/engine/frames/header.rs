//! Decoder of a frame's header, across reads.

use bytes::{Buf, Bytes};

use crate::engine::violation::ProtocolViolation;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A complete header.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) opcode: Opcode,
    pub(super) last: bool,
    pub(super) len: u64,
    mask: [u8; 4],
}

impl Head {
    /// The mask at an offset into the payload.
    pub(super) fn mask_at(&self, offset: u64) -> [u8; 4] {
        let mut mask = self.mask;
        mask.rotate_left((offset % 4) as usize);
        mask
    }
}

/// A partial header: two bytes, a length of up to eight, a mask of four.
#[derive(Debug, Default)]
pub(super) struct Header {
    bytes: [u8; 14],
    len: usize,
}

impl Header {
    /// The header, once it is complete; then ready for the next.
    pub(super) fn read(&mut self, input: &mut Bytes) -> Result<Option<Head>, ProtocolViolation> {
        loop {
            let size = self.size()?;
            if self.len == size {
                self.len = 0;
                return self.decode(size).map(Some);
            }
            let n = input.len().min(size - self.len);
            if n == 0 {
                return Ok(None);
            }
            input.copy_to_slice(&mut self.bytes[self.len..self.len + n]);
            self.len += n;
        }
    }

    /// Length of the header according to its first bytes. Violations in these are reported here.
    fn size(&self) -> Result<usize, ProtocolViolation> {
        if self.len < 2 {
            return Ok(2);
        }
        if self.bytes[0] & 0x70 != 0 {
            return Err(ProtocolViolation::protocol("reserved bits are set, and no extension was agreed on"));
        }
        if self.bytes[1] & 0x80 == 0 {
            return Err(ProtocolViolation::protocol("a client's frame is not masked"));
        }
        Ok(match self.bytes[1] & 0x7F {
            126 => 8,
            127 => 14,
            _ => 6,
        })
    }

    fn decode(&self, size: usize) -> Result<Head, ProtocolViolation> {
        let bytes = &self.bytes[..size];
        let opcode = match bytes[0] & 0x0F {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return Err(ProtocolViolation::protocol("unknown opcode")),
        };
        let last = bytes[0] & 0x80 != 0;
        let (length, mask) = bytes[1..].split_at(size - 5);
        let len = match length[1..] {
            [] => u64::from(length[0] & 0x7F),
            _ => length[1..].iter().fold(0, |len, byte| len << 8 | u64::from(*byte)),
        };
        if len >> 63 != 0 {
            return Err(ProtocolViolation::protocol("a frame length has 63 bits"));
        }
        if opcode.is_control() && (len > 125 || !last) {
            return Err(ProtocolViolation::protocol("a control frame is whole and at most 125 bytes"));
        }
        Ok(Head { opcode, last, len, mask: mask.try_into().expect("split to be four bytes") })
    }
}
