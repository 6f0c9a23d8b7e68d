//! Bytes as WebSocket frames. Any split yields the same messages and the same violation, and memory stays within the
//! limit.
//!
//! The first byte of an input sets the limit, the second the largest piece; the rest is the client's data.

#![no_main]

use std::alloc::System;

use cap::Cap;
use libfuzzer_sys::fuzz_target;
use socketio::fuzzing::{Decoder, Message};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Memory of the decoder besides twice its limit: preallocation, the prefix of a skipped message, a control frame.
const ROOM: usize = 2 * (16 * 1024 + 1024 + 125);

type Violation = (u16, String);
type Outcome = (Vec<Message>, Option<Violation>);

fuzz_target!(|input: &[u8]| {
    let [limit, piece, bytes @ ..] = input else { return };
    let limit = 1usize << (limit % 17);
    let piece = usize::from(*piece) + 1;
    let whole = messages(bytes, limit, usize::MAX);
    assert_eq!(messages(bytes, limit, piece), whole);
    if bytes.len() <= 2048 {
        assert_eq!(messages(bytes, limit, 1), whole);
    }
    measure(bytes, limit, piece);
});

fn messages(bytes: &[u8], limit: usize, max: usize) -> Outcome {
    let mut messages = Vec::new();
    let violation = decode(bytes, limit, max, |message| messages.push(message), || {});
    (messages, violation)
}

/// Drops each message at once, and checks the held memory after every piece.
fn measure(bytes: &[u8], limit: usize, max: usize) {
    let before = ALLOCATOR.allocated();
    decode(bytes, limit, max, drop, || {
        let held = ALLOCATOR.allocated() - before;
        assert!(held <= 2 * limit + ROOM, "{held} bytes held, of a limit of {limit}");
    });
}

/// Decodes in pieces of up to `max` bytes, of many sizes; `idle` is called after each.
fn decode(
    mut bytes: &[u8],
    limit: usize,
    max: usize,
    mut take: impl FnMut(Message),
    mut idle: impl FnMut(),
) -> Option<Violation> {
    let (mut decoder, mut turn) = (Decoder::new(limit), 0usize);
    while !bytes.is_empty() {
        turn += 1;
        let size = if max == usize::MAX { max } else { 1 + turn * 7919 % max };
        let (piece, rest) = bytes.split_at(bytes.len().min(size));
        bytes = rest;
        decoder.feed(piece);
        loop {
            match decoder.next() {
                Ok(Some(message)) => take(message),
                Ok(None) => break,
                Err(violation) => return Some(violation),
            }
        }
        idle();
    }
    None
}
