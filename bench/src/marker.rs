//! Markers: the number of a write, carried in a coach's name, so that a snapshot shows which
//! writes it knows of without being decoded.
//!
//! A marker is always as long as the next, so rows keep their size through a run.

use memchr::memmem;

const START: &[u8] = b"mk~";
const DIGITS: usize = 8;
/// Bytes of a marker.
pub const LEN: usize = START.len() + DIGITS;

/// The marker of write `number`, as it stands in a name. Numbers have at most 8 digits.
pub fn text(number: u32) -> String {
    format!("mk~{number:0DIGITS$}")
}

/// The first marker in `bytes`.
pub fn first(bytes: &[u8]) -> Option<u32> {
    all(bytes).next()
}

/// The highest marker in `bytes`.
pub fn highest(bytes: &[u8]) -> Option<u32> {
    all(bytes).max()
}

/// Every marker in `bytes`, in order.
pub fn all(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    memmem::find_iter(bytes, START).filter_map(|at| number(&bytes[at + START.len()..]))
}

/// Where each marker in `bytes` starts.
pub fn places(bytes: &[u8]) -> Vec<usize> {
    memmem::find_iter(bytes, START).filter(|at| number(&bytes[*at + START.len()..]).is_some()).collect()
}

/// The number whose digits `bytes` begins with.
pub fn number(bytes: &[u8]) -> Option<u32> {
    bytes.get(..DIGITS)?.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

/// Finds the markers of a message that comes in chunks, keeping but the few bytes that one could be
/// cut at.
#[derive(Default)]
pub struct Scanner {
    found: Vec<u32>,
    carry: Vec<u8>,
}

impl Scanner {
    /// Looks at the next bytes of the message. Free once `limit` markers are found.
    pub fn feed(&mut self, chunk: &[u8], limit: usize) {
        if self.found.len() >= limit {
            return;
        }
        let seam = chunk.len().min(LEN - 1);
        self.carry.extend_from_slice(&chunk[..seam]);
        // no marker fits into either side of the seam, so none is found twice
        let room = limit - self.found.len();
        self.found.extend(all(&self.carry).chain(all(chunk)).take(room));
        if chunk.len() >= LEN - 1 {
            self.carry.clear();
            self.carry.extend_from_slice(&chunk[chunk.len() - (LEN - 1)..]);
        } else {
            self.carry.drain(..self.carry.len().saturating_sub(LEN - 1));
        }
    }

    /// The markers found, in order.
    pub fn found(&self) -> &[u32] {
        &self.found
    }

    /// Makes ready for the next message.
    pub fn clear(&mut self) {
        self.carry.clear();
        self.found.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_found_in_any_chunking() {
        let message = format!("mk~not one, mk~1234567 nor this, {} but {}", text(42), text(43));
        for size in 1..=message.len() {
            for (limit, wanted) in [(1, &[42][..]), (usize::MAX, &[42, 43])] {
                let mut scanner = Scanner::default();
                message.as_bytes().chunks(size).for_each(|chunk| scanner.feed(chunk, limit));
                assert_eq!(scanner.found(), wanted, "in chunks of {size}");
            }
        }
        assert_eq!(highest(message.as_bytes()), Some(43));
        assert_eq!(places(message.as_bytes()).len(), 2);
        assert_eq!(text(7).len(), LEN);
    }

    #[test]
    fn marker_does_not_span_messages() {
        let mut scanner = Scanner::default();
        for part in [&b"the end is mk~0000"[..], b"0042"] {
            scanner.feed(part, 1);
            assert!(scanner.found().is_empty());
            scanner.clear();
        }
    }
}
