//! WebSocket frames: written whole, read in pieces as they stream.
//!
//! Nothing is buffered but a frame's header: a snapshot of megabytes costs no more memory than
//! a ping.

/// The opcode of a text frame.
pub const TEXT: u8 = 1;
/// The opcode of a pong.
pub const PONG: u8 = 10;

/// Appends one frame as a client sends it. The mask is all zeros: the server has its work with
/// it all the same, and we have none.
pub fn client_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    header(out, opcode, 0x80, payload.len());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Appends one text frame as a client sends it, under a mask that leaves no byte as it is: some servers
/// skip the work for a mask of zeros.
pub fn masked_frame(out: &mut Vec<u8>, parts: &[&[u8]]) {
    const MASK: [u8; 4] = [0x5a, 0xc3, 0x96, 0x3c];
    header(out, TEXT, 0x80, parts.iter().map(|part| part.len()).sum());
    out.extend_from_slice(&MASK);
    let start = out.len();
    parts.iter().for_each(|part| out.extend_from_slice(part));
    unmask(&mut out[start..], MASK);
}

/// Masks `payload`, or undoes it.
pub fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    // eight bytes at a time, which the compiler makes wider still
    let wide: [u8; 8] = std::array::from_fn(|i| mask[i % 4]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        chunk.iter_mut().zip(wide).for_each(|(byte, mask)| *byte ^= mask);
    }
    rest.iter_mut().zip(wide).for_each(|(byte, mask)| *byte ^= mask);
}

/// Appends one text frame as a server sends it.
pub fn server_frame(out: &mut Vec<u8>, payload: &[u8]) {
    header(out, TEXT, 0, payload.len());
    out.extend_from_slice(payload);
}

/// One text frame as a server sends it, of all `parts`.
pub fn joined_frame(parts: &[&[u8]]) -> Vec<u8> {
    let len = parts.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(len + 10);
    header(&mut frame, TEXT, 0, len);
    parts.iter().for_each(|part| frame.extend_from_slice(part));
    frame
}

fn header(out: &mut Vec<u8>, opcode: u8, mask: u8, len: usize) {
    out.push(0x80 | opcode);
    if len < 126 {
        out.push(mask | len as u8);
    } else if len <= usize::from(u16::MAX) {
        out.push(mask | 126);
        out.extend_from_slice(&(len as u16).to_be_bytes());
    } else {
        out.push(mask | 127);
        out.extend_from_slice(&(len as u64).to_be_bytes());
    }
}

/// What the next bytes of a connection turned out to be.
#[derive(Debug, PartialEq)]
pub enum Piece<'a> {
    /// Part of the current message.
    Data(&'a [u8]),
    /// The current message is complete.
    End,
    /// A WebSocket ping, which wants a pong.
    Ping,
    /// The server closes the connection.
    Close,
}

/// Cuts what a server sends, unmasked, into [`Piece`]s, however the bytes were chunked.
#[derive(Default)]
pub struct Frames {
    header: [u8; 10],
    have: usize,
    /// Bytes of the payload still to come; none while a header is being read.
    left: Option<u64>,
}

impl Frames {
    /// Takes the next piece off the front of `input`; none when more bytes are needed.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Piece<'a>> {
        loop {
            let Some(left) = self.left else {
                self.left = Some(self.read_header(input)?);
                match self.opcode() {
                    8 => return Some(Piece::Close),
                    9 => return Some(Piece::Ping),
                    _ => continue,
                }
            };
            if left == 0 {
                self.left = None;
                if !self.is_control() && self.header[0] & 0x80 != 0 {
                    return Some(Piece::End);
                }
                continue;
            }
            if input.is_empty() {
                return None;
            }
            let taken = left.min(input.len() as u64) as usize;
            let (data, rest) = input.split_at(taken);
            *input = rest;
            self.left = Some(left - taken as u64);
            if !self.is_control() {
                return Some(Piece::Data(data));
            }
        }
    }

    fn read_header(&mut self, input: &mut &[u8]) -> Option<u64> {
        loop {
            let need = match (self.have, self.header[1] & 0x7f) {
                (0 | 1, _) => 2,
                (_, 126) => 4,
                (_, 127) => 10,
                _ => 2,
            };
            if self.have == need {
                self.have = 0;
                return Some(match need {
                    4 => u64::from(u16::from_be_bytes([self.header[2], self.header[3]])),
                    10 => self.header[2..10].iter().fold(0, |n, b| n << 8 | u64::from(*b)),
                    _ => u64::from(self.header[1] & 0x7f),
                });
            }
            let taken = (need - self.have).min(input.len());
            if taken == 0 {
                return None;
            }
            self.header[self.have..self.have + taken].copy_from_slice(&input[..taken]);
            self.have += taken;
            *input = &input[taken..];
        }
    }

    fn opcode(&self) -> u8 {
        self.header[0] & 0x0f
    }

    fn is_control(&self) -> bool {
        self.opcode() >= 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_independent_of_chunking() {
        let messages = [vec![], b"2".to_vec(), vec![b'x'; 125], vec![b'y'; 126], vec![b'z'; 70_000]];
        let mut bytes = Vec::new();
        for message in &messages {
            server_frame(&mut bytes, message);
            bytes.extend_from_slice(&[0x89, 2, b'h', b'i']);
        }
        bytes.extend_from_slice(&[0x88, 0]);

        for size in [1, 2, 3, 7, 100, 4_096, bytes.len()] {
            let (mut frames, mut read, mut message) = (Frames::default(), Vec::new(), Vec::new());
            let (mut pings, mut closed) = (0, false);
            for mut chunk in bytes.chunks(size) {
                while let Some(piece) = frames.next(&mut chunk) {
                    match piece {
                        Piece::Data(data) => message.extend_from_slice(data),
                        Piece::End => read.push(std::mem::take(&mut message)),
                        Piece::Ping => pings += 1,
                        Piece::Close => closed = true,
                    }
                }
            }
            assert_eq!(read, messages, "in chunks of {size}");
            assert_eq!((pings, closed), (messages.len(), true), "in chunks of {size}");
        }
    }
}
