//! What one HTTP request carries when a client polls: packets in a row, binary ones in base64. Pure.
//!
//! ```text
//! in    "4hello\x1ebAQIDBA==" ─▶ packets
//! out   WebSocket frames, as they wait in the outbox ─▶ "4hello\x1ebAQIDBA=="
//! ```

use base64::{Engine, engine::general_purpose::STANDARD};

use super::frames::Inbound;

const SEPARATOR: char = '\u{1e}';

/// Splits a body into at most `max` packets.
pub(crate) fn parse(body: &str, max: usize) -> Result<Vec<Inbound>, &'static str> {
    let mut packets = Vec::new();
    for part in body.split(SEPARATOR) {
        if packets.len() == max {
            return Err("too many packets in one payload");
        }
        packets.push(packet(part)?);
    }
    Ok(packets)
}

fn packet(part: &str) -> Result<Inbound, &'static str> {
    match part.as_bytes().first() {
        None => Err("an empty packet"),
        Some(b'b') => {
            STANDARD.decode(&part[1..]).map(Inbound::Binary).map_err(|_| "a binary packet is not base64")
        }
        Some(_) => Ok(Inbound::Text(part.to_owned())),
    }
}

/// Appends what a frame carries, and says whether it was a close. A frame may be several in a row: an event
/// and its attachments.
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

/// The first of our own frames: final, not masked, whole.
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

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::frame::Frame;

    fn packets() -> impl Strategy<Value = Vec<Inbound>> {
        let text = "[0-6][^\u{1e}]{0,300}".prop_map(Inbound::Text);
        let binary = vec(any::<u8>(), 0..70_000).prop_map(Inbound::Binary);
        vec(prop_oneof![9 => text, 1 => binary], 1..6)
    }

    proptest! {
        #[test]
        fn frames_become_a_payload_that_reads_as_what_they_were(packets in packets()) {
            let mut payload = String::new();
            for packet in &packets {
                let frame = match packet {
                    Inbound::Text(text) => Frame::text(text),
                    Inbound::Binary(bytes) => Frame::binary(bytes),
                    other => unreachable!("{other:?}"),
                };
                prop_assert!(!append(&mut payload, &frame.into_bytes()));
            }
            prop_assert_eq!(parse(&payload, 6).unwrap(), packets);
        }

        #[test]
        fn no_body_is_too_odd(body in ".{0,200}", bytes in vec(any::<u8>(), 0..200)) {
            let _ = parse(&body, 10);
            append(&mut String::new(), &bytes);
        }
    }

    #[test]
    fn a_close_is_a_packet_of_its_own_and_the_last() {
        let mut payload = String::from("2");
        assert!(append(&mut payload, &Frame::close(1001, "bye").into_bytes()));
        assert_eq!(payload, "2\u{1e}1");
        assert!(!append(&mut payload, &Frame::pong(b"x").into_bytes()));
        assert_eq!(payload, "2\u{1e}1", "what only a WebSocket knows is left out");
    }

    #[test]
    fn limits_and_broken_packets_are_told_apart() {
        assert_eq!(parse("4a\u{1e}4b", 1), Err("too many packets in one payload"));
        assert_eq!(parse("", 1), Err("an empty packet"));
        assert_eq!(parse("4a\u{1e}", 2), Err("an empty packet"));
        assert_eq!(parse("b?", 1), Err("a binary packet is not base64"));
        assert_eq!(parse("bAQIDBA==", 1), Ok(vec![Inbound::Binary(vec![1, 2, 3, 4])]));
    }
}
