//! Decoder of polling payloads: packets in a row, binary ones in base64. Free of I/O.
//!
//! ```text
//! "4hello\x1ebAQIDBA==" ─▶ packets
//! ```

use base64::{Engine, engine::general_purpose::STANDARD};

use super::frames::{Inbound, PREFIX, SKIP_FACTOR};
use crate::wire::payload::SEPARATOR;
use crate::{metrics::Metrics, session::limiter::MemoryQuota};

/// Limit of the kept bytes, as a multiple of the limit of one packet.
const KEPT_FACTOR: usize = 4;

/// Splits a body into packets while it streams in. A packet over the limit is skipped; its prefix is kept.
#[derive(Debug)]
pub(crate) struct Splitter {
    limit: usize,
    /// Limits of kept bytes, and of all bytes.
    max_kept: usize,
    max_total: u64,
    max_packets: usize,
    packets: Vec<Inbound>,
    current: Vec<u8>,
    /// Length of the current packet, skipped bytes included.
    length: u64,
    /// Whether the current packet exceeds the limit.
    over: bool,
    /// Kept bytes of all packets.
    kept: usize,
    /// Bytes of all packets.
    total: u64,
}

impl Splitter {
    pub(crate) fn new(limit: usize, max_packets: usize) -> Self {
        Self {
            limit,
            max_kept: limit.saturating_mul(KEPT_FACTOR),
            max_total: SKIP_FACTOR.saturating_mul(limit as u64),
            max_packets,
            packets: Vec::new(),
            current: Vec::new(),
            length: 0,
            over: false,
            kept: 0,
            total: 0,
        }
    }

    /// Creates a splitter with the limits of a session's quota.
    pub(crate) fn of(quota: &MemoryQuota, max_payload: usize, max_packets: usize) -> Self {
        let all = Self::new(max_payload, max_packets);
        Self { limit: quota.message(max_payload), max_kept: quota.payload(all.max_kept), ..all }
    }

    /// Bytes held.
    pub(crate) fn held(&self) -> usize {
        self.kept + self.current.capacity()
    }

    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), PayloadError> {
        let mut parts = chunk.split(|byte| *byte == SEPARATOR as u8);
        self.take(parts.next().unwrap_or_default())?;
        for part in parts {
            self.end()?;
            self.take(part)?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Vec<Inbound>, PayloadError> {
        self.end()?;
        Ok(self.packets)
    }

    fn take(&mut self, part: &[u8]) -> Result<(), PayloadError> {
        let first = self.current.first().or(part.first());
        let binary = first == Some(&b'b');
        let limit =
            if binary { self.limit.div_ceil(3).saturating_mul(4).saturating_add(1) } else { self.limit };
        self.length += part.len() as u64;
        self.total += part.len() as u64;
        if self.length <= limit as u64 {
            self.current.extend_from_slice(part);
        } else {
            self.over = true;
            let keep = if binary { 1 } else { PREFIX };
            self.current.extend_from_slice(&part[..part.len().min(keep.saturating_sub(self.current.len()))]);
            self.current.truncate(keep);
            self.current.shrink_to_fit();
        }
        if self.total > self.max_total { Err(PayloadError::TooLarge) } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), PayloadError> {
        if self.packets.len() == self.max_packets {
            Metrics::count_limit("max_packets");
            return Err(PayloadError::Invalid("too many packets in one payload"));
        }
        self.kept += self.current.len();
        if self.kept > self.max_kept {
            return Err(PayloadError::TooLarge);
        }
        let (packet, length) = (std::mem::take(&mut self.current), std::mem::take(&mut self.length));
        self.packets.push(if std::mem::take(&mut self.over) {
            let binary = packet.first() == Some(&b'b');
            let (prefix, bytes) = if binary { (Vec::new(), length / 4 * 3) } else { (packet, length) };
            Inbound::TooLarge { prefix, bytes }
        } else {
            parse(packet).map_err(PayloadError::Invalid)?
        });
        Ok(())
    }
}

/// The reason why a body is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PayloadError {
    Invalid(&'static str),
    TooLarge,
    /// The budget of unowned memory is exhausted.
    Exhausted,
}

fn parse(packet: Vec<u8>) -> Result<Inbound, &'static str> {
    match packet.first() {
        None => Err("an empty packet"),
        Some(b'b') => {
            STANDARD.decode(&packet[1..]).map(Inbound::Binary).map_err(|_| "a binary packet is not base64")
        }
        Some(_) => String::from_utf8(packet).map(Inbound::Text).map_err(|_| "a payload is not UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::wire::{frame::Frame, payload::append};

    const LIMIT: usize = 90_000;

    /// Splits in chunks of many sizes.
    fn split(body: &str, max: usize) -> Result<Vec<Inbound>, PayloadError> {
        let mut splitter = Splitter::new(LIMIT, max);
        let (mut rest, mut size) = (body.as_bytes(), 1);
        while !rest.is_empty() {
            let (chunk, more) = rest.split_at(size.min(rest.len()));
            splitter.push(chunk)?;
            (rest, size) = (more, size * 2 % 5000 + 1);
        }
        splitter.finish()
    }

    fn packets() -> impl Strategy<Value = Vec<Inbound>> {
        let text = "[0-6][^\u{1e}]{0,300}".prop_map(Inbound::Text);
        let binary = vec(any::<u8>(), 0..70_000).prop_map(Inbound::Binary);
        vec(prop_oneof![9 => text, 1 => binary], 1..6)
    }

    proptest! {
        #[test]
        fn frames_round_trip_through_payload(packets in packets()) {
            let mut payload = String::new();
            for packet in &packets {
                let frame = match packet {
                    Inbound::Text(text) => Frame::text(text),
                    Inbound::Binary(bytes) => Frame::binary(bytes),
                    other => unreachable!("{other:?}"),
                };
                prop_assert!(!append(&mut payload, &frame.into_bytes()));
            }
            prop_assert_eq!(split(&payload, 6).unwrap(), packets);
        }

        #[test]
        fn arbitrary_body_never_panics(body in ".{0,200}", bytes in vec(any::<u8>(), 0..200)) {
            let _ = split(&body, 10);
            append(&mut String::new(), &bytes);
        }
    }

    #[test]
    fn close_is_last_packet_of_payload() {
        let mut payload = String::from("2");
        assert!(append(&mut payload, &Frame::close(1001, "bye").into_bytes()));
        assert_eq!(payload, "2\u{1e}1");
        assert!(!append(&mut payload, &Frame::pong(b"x").into_bytes()));
        assert_eq!(payload, "2\u{1e}1", "what only a WebSocket knows is left out");
    }

    #[test]
    fn payload_errors_are_distinguished() {
        let error = |body: &str, max| split(body, max).unwrap_err();
        assert_eq!(error("4a\u{1e}4b", 1), PayloadError::Invalid("too many packets in one payload"));
        assert_eq!(error("", 1), PayloadError::Invalid("an empty packet"));
        assert_eq!(error("4a\u{1e}", 2), PayloadError::Invalid("an empty packet"));
        assert_eq!(error("b?", 1), PayloadError::Invalid("a binary packet is not base64"));
        assert_eq!(split("bAQIDBA==", 1), Ok(vec![Inbound::Binary(vec![1, 2, 3, 4])]));
    }

    #[test]
    fn oversized_packet_is_skipped_and_others_are_kept() {
        let long = format!("4{}", "x".repeat(LIMIT));
        let body = format!("4a\u{1e}{long}\u{1e}b{}\u{1e}4b", STANDARD.encode(vec![7; LIMIT + 3]));
        let expected = vec![
            Inbound::Text("4a".into()),
            Inbound::TooLarge { prefix: long.as_bytes()[..PREFIX].to_vec(), bytes: LIMIT as u64 + 1 },
            Inbound::TooLarge { prefix: Vec::new(), bytes: LIMIT as u64 + 3 },
            Inbound::Text("4b".into()),
        ];
        assert_eq!(split(&body, 9), Ok(expected));
        let whole = format!("b{}", STANDARD.encode(vec![7; LIMIT]));
        assert_eq!(split(&whole, 9), Ok(vec![Inbound::Binary(vec![7; LIMIT])]));
        assert_eq!(
            split(&format!("4{}\u{1e}", "x".repeat(LIMIT - 1)).repeat(5), 9),
            Err(PayloadError::TooLarge)
        );
        assert_eq!(split(&"x".repeat(65 * LIMIT), 9), Err(PayloadError::TooLarge));
    }

    #[test]
    fn skipped_packets_do_not_count_as_kept() {
        let over = format!("4{}", "y".repeat(LIMIT));
        let body = vec![over; 6].join("\u{1e}");
        assert_eq!(split(&body, 9).map(|packets| packets.len()), Ok(6));
    }

    #[test]
    fn small_limit_skips_packet() {
        let mut splitter = Splitter::new(100, 9);
        splitter.push(format!("4{}", "y".repeat(100)).as_bytes()).unwrap();
        assert!(matches!(splitter.finish().unwrap()[..], [Inbound::TooLarge { bytes: 101, .. }]));
    }
}
