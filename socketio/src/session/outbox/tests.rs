use std::sync::Arc;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::wire::{
    frame::Frame,
    message::{Coalesce, Message, Slot},
};

const A: Key = (1, Slot(1));
const B: Key = (1, Slot(2));

fn put(outbox: &mut Outbox, slot: Key, bytes: impl Into<Bytes>) {
    outbox.put(slot, &Message::latest(slot.1, Frame::raw(bytes.into())));
}

fn drain(outbox: &mut Outbox) -> Vec<Bytes> {
    std::iter::from_fn(|| outbox.pop()).collect()
}

#[test]
fn slot_frame_replaces_unsent_one_in_place() {
    let mut outbox = Outbox::new(100);
    put(&mut outbox, A, "a1");
    outbox.push("ack".into()).unwrap();
    put(&mut outbox, B, "b1");
    put(&mut outbox, A, "a2 longer");
    assert_eq!(outbox.bytes(), 14);
    assert_eq!(drain(&mut outbox), ["a2 longer", "ack", "b1"]);
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn slot_frame_that_has_left_is_not_replaced() {
    let mut outbox = Outbox::new(100);
    put(&mut outbox, A, "a1");
    assert_eq!(outbox.pop().unwrap(), "a1");
    outbox.push("ack".into()).unwrap();
    put(&mut outbox, A, "a2");
    put(&mut outbox, A, "a3");
    assert_eq!(drain(&mut outbox), ["ack", "a3"]);
}

#[test]
fn priority_frame_keeps_slot_positions() {
    let mut outbox = Outbox::new(100);
    outbox.push("x".into()).unwrap();
    put(&mut outbox, A, "a1");
    outbox.push_front("ping".into()).unwrap();
    put(&mut outbox, A, "a2");
    assert_eq!(drain(&mut outbox), ["ping", "x", "a2"]);
}

#[test]
fn priority_frame_after_slot_frame_has_left_is_not_replaced() {
    let mut outbox = Outbox::new(100);
    put(&mut outbox, A, "a1");
    assert_eq!(outbox.pop().unwrap(), "a1");
    outbox.push_front("ping".into()).unwrap();
    outbox.push_front("pong".into()).unwrap();
    put(&mut outbox, A, "a2");
    assert_eq!(outbox.bytes(), 10);
    assert_eq!(drain(&mut outbox), ["pong", "ping", "a2"]);
}

#[derive(Debug, Clone)]
enum Operation {
    Push,
    PushFront,
    Put(u16),
    Pop,
    Discard(usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        Just(Operation::Push),
        Just(Operation::PushFront),
        (0..3_u16).prop_map(Operation::Put),
        Just(Operation::Pop),
        (1..3_usize).prop_map(Operation::Discard),
    ]
}

proptest! {
    /// Frames are numbered as they are queued. Slot 2 is of another namespace than the others.
    #[test]
    fn each_frame_outside_slots_leaves_once(operations in vec(operation(), 0..60)) {
        let mut outbox = Outbox::new(usize::MAX);
        let (mut left, mut ordered, mut priority, mut last) = (Vec::new(), Vec::new(), Vec::new(), [const { None }; 3]);
        let text = |kind: &str, number: usize| Bytes::from(format!("{kind}{number}"));
        for (number, operation) in operations.into_iter().enumerate() {
            match operation {
                Operation::Push => {
                    outbox.push(text("ordered", number)).unwrap();
                    ordered.push(text("ordered", number));
                }
                Operation::PushFront => {
                    outbox.push_front(text("priority", number)).unwrap();
                    priority.push(text("priority", number));
                }
                Operation::Put(slot) => {
                    let key = (1 + usize::from(slot / 2), Slot(slot));
                    put(&mut outbox, key, text("slot", number));
                    last[usize::from(slot)] = Some(text("slot", number));
                }
                Operation::Pop => left.extend(outbox.pop()),
                Operation::Discard(namespace) => {
                    outbox.discard_unsent(namespace);
                    let discarded = if namespace == 1 { 0..2 } else { 2..3 };
                    last[discarded].fill(None);
                }
            }
        }
        left.extend(drain(&mut outbox));
        prop_assert_eq!(outbox.bytes(), 0);
        let of = |kind: &str| -> Vec<Bytes> {
            left.iter().filter(|frame| frame.starts_with(kind.as_bytes())).cloned().collect()
        };
        prop_assert_eq!(of("ordered"), ordered);
        let mut sent = of("priority");
        sent.sort();
        priority.sort();
        prop_assert_eq!(sent, priority);
        for newest in last.into_iter().flatten() {
            prop_assert_eq!(left.iter().filter(|frame| **frame == newest).count(), 1, "{:?}", newest);
        }
    }
}

#[test]
fn discard_keeps_other_frames_in_place() {
    const ELSEWHERE: Key = (2, Slot(1));
    let mut outbox = Outbox::new(100);
    put(&mut outbox, A, "a1 has left");
    outbox.pop();
    outbox.push("x".into()).unwrap();
    put(&mut outbox, B, "b1");
    put(&mut outbox, ELSEWHERE, "c1");
    put(&mut outbox, A, "a2");
    outbox.push("y".into()).unwrap();
    outbox.discard_unsent(1);
    assert_eq!(outbox.bytes(), 4);
    put(&mut outbox, ELSEWHERE, "c2");
    put(&mut outbox, B, "b2");
    put(&mut outbox, A, "a3");
    put(&mut outbox, B, "b3");
    assert_eq!(drain(&mut outbox), ["x", "c2", "y", "b3", "a3"]);
    assert_eq!(outbox.bytes(), 0);
    outbox.discard_unsent(1);
    assert!(outbox.is_empty());
}

#[test]
fn limit_counts_ordered_frames_and_single_frame_always_fits() {
    let mut outbox = Outbox::new(10);
    put(&mut outbox, A, "a slot of more than ten");
    outbox.push("ordered, more than ten".into()).unwrap();
    assert_eq!(outbox.push("x".into()), Err(OutboxFull));
    assert_eq!(outbox.push_front("x".into()), Err(OutboxFull));
    outbox.pop();
    outbox.pop();
    outbox.push("12345".into()).unwrap();
    outbox.push("67890".into()).unwrap();
    assert_eq!(outbox.push("1".into()), Err(OutboxFull));
    outbox.clear();
    assert_eq!((outbox.bytes(), outbox.pop()), (0, None));
    put(&mut outbox, A, "again");
    assert_eq!(outbox.pop().unwrap(), "again");
}

fn frame(len: usize) -> Bytes {
    vec![7; len].into()
}

#[test]
fn copying_writer_receives_all_slices() {
    let mut outbox = Outbox::new(1 << 20);
    outbox.push((0..=255).cycle().take(200_000).collect()).unwrap();
    let mut written = Vec::new();
    while let Some((bytes, last)) = outbox.next() {
        assert!(bytes.len() <= SLICE);
        written.extend(bytes);
        assert_eq!(last, written.len() == 200_000);
    }
    assert_eq!(written, (0..=255).cycle().take(200_000).collect::<Vec<u8>>());
}

#[test]
fn started_frame_is_finished_unless_abandoned() {
    let mut outbox = Outbox::new(1 << 20);
    put(&mut outbox, A, frame(50_000));
    outbox.next();
    put(&mut outbox, A, frame(1));
    outbox.clear();
    assert_eq!(outbox.bytes(), 50_000 - SLICE);
    outbox.abandon();
    assert_eq!(outbox.next(), None);
}

/// Writes like a kernel that accepts `room` bytes at a time.
fn write(outbox: &mut Outbox, room: usize) -> (Vec<u8>, u64) {
    let mut slices = [IoSlice::new(&[]); 4];
    let count = outbox.peek(&mut slices);
    let bytes: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).take(room).collect();
    let ended = outbox.advance(bytes.len());
    (bytes, ended)
}

#[test]
fn vectored_write_may_be_partial() {
    for room in 1..40 {
        let mut outbox = Outbox::new(1 << 20);
        let frames = ["one", "two two", "three three three", "4", "five", "six"];
        frames.iter().for_each(|frame| outbox.push((*frame).into()).unwrap());
        let (mut written, mut ended) = (Vec::new(), 0);
        while outbox.bytes() > 0 {
            let (bytes, frames) = write(&mut outbox, room);
            written.extend(bytes);
            ended += frames;
        }
        assert_eq!((String::from_utf8(written).unwrap(), ended), (frames.concat(), 6), "{room}");
    }
}

#[test]
fn started_slot_frame_is_kept_and_later_one_is_replaced() {
    let mut outbox = Outbox::new(1 << 20);
    put(&mut outbox, A, "old a");
    put(&mut outbox, B, "old b");
    assert_eq!(write(&mut outbox, 2), (b"ol".to_vec(), 0));
    put(&mut outbox, A, "new a");
    put(&mut outbox, B, "new b");
    outbox.push_front("ping".into()).unwrap();
    assert_eq!(write(&mut outbox, 100), (b"d apingnew bnew a".to_vec(), 4));
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn ack_counts_until_last_byte_is_written() {
    let mut outbox = Outbox::new(1 << 20);
    outbox.push("other".into()).unwrap();
    outbox.push_ack("ack 1".into()).unwrap();
    outbox.push_ack("ack two".into()).unwrap();
    assert_eq!(outbox.acks(), 12);
    write(&mut outbox, 9);
    assert_eq!((outbox.acks(), outbox.written()), (12, 9));
    write(&mut outbox, 1);
    assert_eq!((outbox.acks(), outbox.written()), (7, 10));
    assert!(outbox.pop_if(|_| true).is_some());
    assert_eq!((outbox.acks(), outbox.written()), (0, 17));

    outbox.push_ack(frame(SLICE + 1)).unwrap();
    outbox.push_ack(frame(5)).unwrap();
    assert!(outbox.next().is_some_and(|(_, last)| !last));
    outbox.clear();
    assert_eq!(outbox.acks(), SLICE + 1, "what has begun is still owed");
    assert!(outbox.next().is_some_and(|(_, last)| last));
    assert_eq!(outbox.acks(), 0);
    outbox.push_ack(frame(SLICE + 1)).unwrap();
    outbox.next();
    outbox.abandon();
    assert_eq!((outbox.acks(), outbox.bytes()), (0, 0));
}

/// Builds `after..=last`.
struct Range {
    last: u64,
}

impl Coalesce for Range {
    fn coalesce(&self, after: u64) -> (Frame, u64) {
        (Frame::raw(format!("{}..{}", after + 1, self.last).into()), self.last)
    }
}

fn step(outbox: &mut Outbox, number: u64, last: u64) {
    let frame = Frame::raw(number.to_string().into());
    outbox.put(A, &Message::delta(A.1, number, frame, Arc::new(Range { last })));
}

#[test]
fn deltas_written_in_time_are_sent_one_by_one() {
    let mut outbox = Outbox::new(100);
    for number in 1..4 {
        step(&mut outbox, number, number);
        assert_eq!(outbox.pop().unwrap(), number.to_string());
    }
}

#[test]
fn waiting_deltas_are_coalesced_when_written() {
    let mut outbox = Outbox::new(100);
    step(&mut outbox, 1, 5);
    outbox.push("ack".into()).unwrap();
    step(&mut outbox, 2, 5);
    assert_eq!(outbox.bytes(), 3, "nothing is kept of steps that wait");
    step(&mut outbox, 3, 5);
    assert!(!outbox.is_empty());
    outbox.materialize(1);
    assert_eq!(write(&mut outbox, 100), (b"1..5ack".to_vec(), 2), "in their place");
}

#[test]
fn coalesced_deltas_are_not_sent_again() {
    let mut outbox = Outbox::new(100);
    step(&mut outbox, 1, 4);
    step(&mut outbox, 2, 4);
    outbox.push("ack".into()).unwrap();
    assert_eq!(drain(&mut outbox), ["1..4", "ack"]);
    for number in 3..6 {
        step(&mut outbox, number, number);
    }
    assert_eq!(drain(&mut outbox), ["5"]);
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn unsent_coalesced_frame_absorbs_further_deltas() {
    let mut outbox = Outbox::new(100);
    step(&mut outbox, 1, 2);
    step(&mut outbox, 2, 2);
    outbox.materialize(4);
    assert_eq!(outbox.bytes(), 4);
    outbox.put(A, &Message::delta(A.1, 3, Frame::raw("3".into()), Arc::new(Range { last: 3 })));
    assert_eq!(outbox.bytes(), 0);
    // The first one builds it: its deltas begin where the client is.
    assert_eq!(drain(&mut outbox), ["1..2"]);
}

#[test]
fn older_version_is_ignored() {
    let mut outbox = Outbox::new(100);
    let state = |number: u64| Message::latest(A.1, Frame::raw(number.to_string().into())).versioned(number);
    outbox.put(A, &state(7));
    outbox.put(A, &state(6));
    outbox.put(A, &state(7));
    assert_eq!(drain(&mut outbox), ["7"]);
    outbox.put(A, &state(7));
    outbox.put(A, &state(3));
    assert_eq!(outbox.pop(), None);
    outbox.put(A, &Message { force: true, ..state(7) });
    assert_eq!(drain(&mut outbox), ["7"], "a forced message is sent again");
    outbox.put(A, &Message { force: true, ..state(6) });
    assert_eq!(outbox.pop(), None);
}

#[test]
fn first_delta_stands_for_all_earlier_versions() {
    let mut outbox = Outbox::new(100);
    step(&mut outbox, 3, 3);
    let whole = Message::delta(A.1, 5, Frame::raw("all up to 5".into()), Arc::new(Range { last: 9 }));
    outbox.put(A, &Message { force: true, ..whole.clone() });
    step(&mut outbox, 5, 5);
    assert_eq!(drain(&mut outbox), ["all up to 5"], "in the place of what was waiting");
    step(&mut outbox, 4, 4);
    assert_eq!(outbox.pop(), None);
}

fn series(pieces: &[&'static str]) -> Frame {
    let frames: Vec<Frame> = pieces.iter().map(|piece| Frame::raw((*piece).into())).collect();
    Frame::series(&frames)
}

#[test]
fn only_priority_frames_interrupt_series() {
    let mut outbox = Outbox::new(100);
    let step = |number, frame| Message::delta(A.1, number, frame, Arc::new(Range { last: 9 }));
    outbox.put(A, &step(1, series(&["1a", "1b", "1c"])));
    outbox.push_ack("ack".into()).unwrap();
    assert_eq!(outbox.bytes(), 9);
    assert_eq!(outbox.pop().unwrap(), "1a");
    outbox.push_front("ping".into()).unwrap();
    outbox.put(A, &step(2, Frame::raw("2".into())));
    assert_eq!(drain(&mut outbox), ["ping", "1b", "1c", "ack", "2"]);
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn unstarted_series_is_replaced_and_started_one_is_followed() {
    let mut outbox = Outbox::new(100);
    let put = |outbox: &mut Outbox, frame| outbox.put(A, &Message::latest(A.1, frame));
    put(&mut outbox, series(&["old", "old"]));
    put(&mut outbox, series(&["1", "2"]));
    outbox.pop();
    put(&mut outbox, series(&["older", "older"]));
    put(&mut outbox, series(&["3", "4"]));
    assert_eq!(outbox.bytes(), 3);
    assert_eq!(drain(&mut outbox), ["2", "3", "4"]);
}

#[test]
fn discard_drops_rest_of_series() {
    let mut outbox = Outbox::new(100);
    outbox.put(A, &Message::latest(A.1, series(&["1", "2", "3"])));
    outbox.pop();
    outbox.push("x".into()).unwrap();
    put(&mut outbox, A, "later");
    outbox.push("y".into()).unwrap();
    outbox.discard_unsent(1);
    assert_eq!(outbox.bytes(), 2);
    put(&mut outbox, A, "again");
    assert_eq!(drain(&mut outbox), ["x", "y", "again"]);
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn vectored_write_keeps_order_of_series() {
    for room in 1..12 {
        let mut outbox = Outbox::new(100);
        outbox.put(A, &Message::latest(A.1, series(&["one", "two", "three"])));
        outbox.push("behind".into()).unwrap();
        let mut written = Vec::new();
        while outbox.bytes() > 0 {
            written.extend(write(&mut outbox, room).0);
        }
        assert_eq!(written, b"onetwothreebehind", "{room} at a time");
    }
}

#[test]
fn largest_message_is_measured_per_frame() {
    let mut outbox = Outbox::new(100_000);
    let frames = [Frame::text(&"x".repeat(300)), Frame::text(&"y".repeat(70_000)), Frame::text("z")];
    outbox.push(Frame::concat(&frames).into_bytes()).unwrap();
    assert_eq!(outbox.largest(), 0);
    outbox.next();
    assert_eq!(outbox.largest(), 70_000);
}
