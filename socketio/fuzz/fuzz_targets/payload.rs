//! Polling payloads. Any split yields the same packets, which are joined into the same body again; and no bytes panic
//! as frames.
//!
//! The first byte of an input sets the limit, the second the largest piece; the rest is the body.

#![no_main]

use std::alloc::System;

use cap::Cap;
use libfuzzer_sys::fuzz_target;
use socketio::fuzzing::{append, split};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const SEPARATOR: u8 = 0x1e;
/// Memory for a body: kept bytes, the prefix of each skipped packet, and a list of them. Growing vectors allocate twice
/// as much.
const KEPT: usize = 2 * 4;
const PREFIX: usize = 2 * 1024;
const ENTRY: usize = 128;

fuzz_target!(|input: &[u8]| {
    let [limit, piece, input @ ..] = input else { return };
    let limit = 1usize << (limit % 17);
    let piece = usize::from(*piece) + 1;

    let mut body = String::new();
    append(&mut body, input);
    // Base64 makes four of three, and a header of two bytes becomes `b` and a separator.
    assert!(body.len() <= 2 * input.len() + 4, "{} bytes became {}", input.len(), body.len());

    let parts = input.split(|byte| *byte == SEPARATOR).count();
    let skipped = input.split(|byte| *byte == SEPARATOR).filter(|part| part.len() > limit).count();
    let bound = KEPT * (limit + piece) + PREFIX * (skipped + 1) + ENTRY * (parts + 1);
    let before = ALLOCATOR.allocated();
    let cut = split(input.chunks(piece), limit, parts, || {
        let held = ALLOCATOR.allocated() - before;
        assert!(held <= bound, "{held} bytes held, of a limit of {limit}");
    });
    let whole = split([input].into_iter(), limit, parts, || {});
    assert_eq!(cut, whole);
    let Ok(packets) = whole else { return };
    assert_eq!(packets.len(), parts);
    assert!(split([input].into_iter(), limit, parts - 1, || {}).is_err(), "more than allowed");
    for (packet, sent) in packets.iter().zip(input.split(|byte| *byte == SEPARATOR)) {
        match packet {
            // A header of ten bytes at most, and base64 is taken in groups.
            Ok(frame) => assert!(frame.len() <= limit + 2 + 10, "{} bytes, of {limit}", frame.len()),
            Err((prefix, bytes)) => {
                assert!(*bytes > limit as u64 && *bytes <= sent.len() as u64);
                assert!(sent.starts_with(prefix));
            }
        }
    }
    if let Ok(frames) = packets.into_iter().collect::<Result<Vec<_>, _>>() {
        assert_eq!(joined(frames.iter().map(AsRef::as_ref)).as_bytes(), input);
        // Several frames in one piece, as an event and its attachments are, become the same.
        assert_eq!(joined([frames.concat().as_slice()].into_iter()).as_bytes(), input);
    }
});

fn joined<'a>(frames: impl Iterator<Item = &'a [u8]>) -> String {
    let mut body = String::new();
    for frame in frames {
        assert!(!append(&mut body, frame), "there was no close");
    }
    body
}
