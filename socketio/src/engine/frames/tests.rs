use proptest::{collection::vec, prelude::*};

use super::*;

const LIMIT: usize = 4096;

/// A client's frame.
fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..=125 => bytes.push(0x80 | len as u8),
        len @ 126..=0xFFFF => {
            bytes.push(0xFE);
            bytes.extend((len as u16).to_be_bytes());
        }
        len => {
            bytes.push(0xFF);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn text(payload: &str) -> Vec<u8> {
    frame(0x81, payload.as_bytes(), [1, 2, 3, 4])
}

/// Decodes in pieces of the given sizes, repeatedly; also checks what is held after each piece.
fn decode(bytes: &[u8], sizes: &[usize]) -> Result<Vec<Inbound>, ProtocolViolation> {
    let (mut decoder, mut all, mut rest) = (Decoder::new(LIMIT), Vec::new(), bytes);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(rest.len().min((*size).max(1)));
        rest = after;
        decoder.feed(Bytes::copy_from_slice(piece));
        while let Some(inbound) = decoder.next()? {
            all.push(inbound);
        }
        assert!(decoder.held() <= 2 * (LIMIT + PREALLOCATION), "{} bytes held", decoder.held());
    }
    Ok(all)
}

fn code(bytes: &[u8]) -> u16 {
    decode(bytes, &[usize::MAX]).unwrap_err().code
}

#[derive(Debug, Clone)]
enum Sent {
    Text(String, usize),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
}

fn sent() -> impl Strategy<Value = Sent> {
    prop_oneof![
        (".{0,300}", 1usize..5).prop_map(|(text, parts)| Sent::Text(text, parts)),
        ("[a-zé]{1500,5000}", 1usize..5).prop_map(|(text, parts)| Sent::Text(text, parts)),
        vec(any::<u8>(), 0..9000).prop_map(Sent::Binary),
        vec(any::<u8>(), 0..=125).prop_map(Sent::Ping),
    ]
}

/// The frames of a message in `parts` fragments, with a ping between any two.
fn fragments(payload: &[u8], parts: usize, mask: [u8; 4]) -> Vec<u8> {
    let size = payload.len().div_ceil(parts).max(1);
    let mut pieces: Vec<_> = payload.chunks(size).collect();
    if pieces.is_empty() {
        pieces.push(&[]);
    }
    let last = pieces.len() - 1;
    let mut bytes = Vec::new();
    for (at, piece) in pieces.into_iter().enumerate() {
        let opcode = if at == 0 { 1 } else { 0 };
        let end = if at == last { 0x80 } else { 0 };
        bytes.extend(frame(end | opcode, piece, mask));
        if at < last {
            bytes.extend(frame(0x89, b"between", mask));
        }
    }
    bytes
}

proptest! {
    #[test]
    fn messages_are_independent_of_chunking(
        all in vec(sent(), 1..8),
        mask in any::<[u8; 4]>(),
        sizes in vec(1usize..2000, 1..6),
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for one in all {
            match one {
                Sent::Text(text, parts) => {
                    let frames = fragments(text.as_bytes(), parts, mask);
                    bytes.extend(frames);
                    let size = text.len().div_ceil(parts).max(1);
                    let pings = text.len().div_ceil(size).max(1) - 1;
                    expected.extend((0..pings).map(|_| Inbound::Ping(b"between".to_vec())));
                    expected.push(if text.len() > LIMIT {
                        let prefix = text.as_bytes()[..PREFIX].to_vec();
                        Inbound::TooLarge { prefix, bytes: text.len() as u64 }
                    } else {
                        Inbound::Text(text)
                    });
                }
                Sent::Binary(payload) => {
                    bytes.extend(frame(0x82, &payload, mask));
                    expected.push(if payload.len() > LIMIT {
                        Inbound::TooLarge { prefix: Vec::new(), bytes: payload.len() as u64 }
                    } else {
                        Inbound::Binary(payload)
                    });
                }
                Sent::Ping(payload) => {
                    bytes.extend(frame(0x89, &payload, mask));
                    expected.push(Inbound::Ping(payload));
                }
            }
        }
        prop_assert_eq!(decode(&bytes, &sizes).unwrap(), expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..4000), sizes in vec(1usize..500, 1..4)) {
        let _ = decode(&bytes, &sizes);
    }

    #[test]
    fn nearly_valid_frames_never_panic(
        frames in vec((prop::sample::select(vec![0u8, 1, 2, 8, 9, 10, 3, 0x40]), any::<bool>(), vec(any::<u8>(), 0..200)), 0..20),
    ) {
        let frames = frames.iter().flat_map(|(op, end, payload)| frame(op | u8::from(*end) << 7, payload, [9, 8, 7, 6]));
        let _ = decode(&frames.collect::<Vec<_>>(), &[7, 300]);
    }
}

#[test]
fn protocol_violations_have_close_codes() {
    assert_eq!(code(&[0x81, 0x01, b'x']), 1002, "unmasked");
    assert_eq!(code(&frame(0xC1, b"x", [0; 4])), 1002, "a reserved bit");
    assert_eq!(code(&frame(0x83, b"x", [0; 4])), 1002, "an unknown opcode");
    assert_eq!(code(&frame(0x80, b"x", [0; 4])), 1002, "a continuation of nothing");
    assert_eq!(code(&[frame(0x01, b"x", [0; 4]), text("y")].concat()), 1002, "a message in a message");
    assert_eq!(code(&frame(0x09, b"x", [0; 4])), 1002, "half a ping");
    assert_eq!(code(&frame(0x89, &[0; 126], [0; 4])), 1002, "a long ping");
    assert_eq!(code(&frame(0x88, &[3], [0; 4])), 1002, "half a close code");
    assert_eq!(code(&frame(0x88, &1005u16.to_be_bytes(), [0; 4])), 1002, "a code that is never sent");
    assert_eq!(code(&frame(0x81, b"\xFF", [0; 4])), 1007, "not UTF-8");
    assert_eq!(code(&[[0x81, 0xFF].as_slice(), &[0xFF; 8], &[0; 4]].concat()), 1002, "a length of 64 bits");
}

#[test]
fn oversized_message_is_skipped_up_to_factor() {
    let long = "x".repeat(LIMIT + 1);
    let bytes = [text(&long), text("next")].concat();
    let expected = Inbound::TooLarge { prefix: long.as_bytes()[..PREFIX].to_vec(), bytes: LIMIT as u64 + 1 };
    assert_eq!(decode(&bytes, &[100]).unwrap(), [expected, Inbound::Text("next".into())]);

    let mut head = vec![0x81, 0xFF];
    head.extend((SKIP_FACTOR * LIMIT as u64 + 1).to_be_bytes());
    head.extend([0; 4]);
    assert_eq!(code(&head), 1009);
}

#[test]
fn decoder_holds_nothing_between_messages() {
    let mut decoder = Decoder::new(LIMIT);
    for bytes in [text(&"x".repeat(4000)), frame(0x89, b"ping", [0; 4]), frame(0x8A, b"pong", [0; 4])] {
        decoder.feed(bytes.into());
        while decoder.next().unwrap().is_some() {}
    }
    assert_eq!(decoder.held(), 0);
}

#[test]
fn close_code_is_optional_and_validated() {
    let bytes = [frame(0x88, &[], [0; 4]), frame(0x88, b"\x03\xE8bye", [1; 4])].concat();
    assert_eq!(decode(&bytes, &[9]).unwrap(), [Inbound::Close(None), Inbound::Close(Some(1000))]);
}
