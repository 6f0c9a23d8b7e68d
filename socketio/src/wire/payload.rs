//! Encoding of frames into the body of a polling response: packets in a row, binary ones in base64.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Between two packets of a payload.
pub(crate) const SEPARATOR: char = '\u{1e}';

/// Appends the content of a frame; returns whether it was a close. A frame may consist of several: an event and its
/// attachments.
pub(crate) fn append(payload: &mut String, mut frames: &[u8]) -> bool {
    while let Some((opcode, content, rest)) = next_frame(frames) {
        frames = rest;
        let text = match opcode {
            0x1 => content,
            0x2 => &[],
            0x8 => b"1",
            _ => continue,
        };
        if !payload.is_empty() {
            payload.push(SEPARATOR);
        }
        if opcode == 0x2 {
            payload.push('b');
            STANDARD.encode_string(content, payload);
        }
        payload.push_str(std::str::from_utf8(text).unwrap_or_default());
        if opcode == 0x8 {
            return true;
        }
    }
    false
}

/// Number of packets in a frame: an event has one more for each attachment.
pub(crate) fn packets(mut frames: &[u8]) -> usize {
    let mut packets = 0;
    while let Some((_, _, rest)) = next_frame(frames) {
        (frames, packets) = (rest, packets + 1);
    }
    packets
}

/// Bytes of the largest message that a frame carries.
pub(crate) fn largest_message(mut frames: &[u8]) -> usize {
    let mut largest = 0;
    while let Some((_, content, rest)) = next_frame(frames) {
        (frames, largest) = (rest, largest.max(content.len()));
    }
    largest
}

/// Whether a frame is a close.
pub(crate) fn is_close(frame: &[u8]) -> bool {
    frame.first().is_some_and(|first| first & 0x0F == 0x8)
}

/// Splits off the first frame, which is final, unmasked and complete.
fn next_frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let (len, rest) = match head[1] {
        126 => rest.split_first_chunk().map(|(len, rest)| (usize::from(u16::from_be_bytes(*len)), rest))?,
        127 => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::try_from(u64::from_be_bytes(*len)).ok()?, rest)
        }
        len => (usize::from(len), rest),
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((head[0] & 0x0F, content, rest))
}
