use super::*;

const A: Slot = Slot(1);
const B: Slot = Slot(2);

fn drain(outbox: &mut Outbox) -> Vec<Bytes> {
    std::iter::from_fn(|| outbox.pop()).collect()
}

#[test]
fn a_newer_frame_takes_the_place_of_the_slots_unsent_one() {
    let mut outbox = Outbox::new(100);
    outbox.put(A, "a1".into());
    outbox.push("ack".into()).unwrap();
    outbox.put(B, "b1".into());
    outbox.put(A, "a2 longer".into());
    assert_eq!(outbox.bytes(), 14);
    assert_eq!(drain(&mut outbox), ["a2 longer", "ack", "b1"]);
    assert_eq!(outbox.bytes(), 0);
}

#[test]
fn a_frame_that_has_left_is_not_replaced() {
    let mut outbox = Outbox::new(100);
    outbox.put(A, "a1".into());
    assert_eq!(outbox.pop().unwrap(), "a1");
    outbox.push("ack".into()).unwrap();
    outbox.put(A, "a2".into());
    outbox.put(A, "a3".into());
    assert_eq!(drain(&mut outbox), ["ack", "a3"]);
}

#[test]
fn what_comes_in_front_leaves_the_slots_in_place() {
    let mut outbox = Outbox::new(100);
    outbox.push("x".into()).unwrap();
    outbox.put(A, "a1".into());
    outbox.push_front("ping".into()).unwrap();
    outbox.put(A, "a2".into());
    assert_eq!(drain(&mut outbox), ["ping", "x", "a2"]);
}

#[test]
fn only_ordered_frames_fill_it_and_one_alone_always_fits() {
    let mut outbox = Outbox::new(10);
    outbox.put(A, "a slot of more than ten".into());
    outbox.push("ordered, more than ten".into()).unwrap();
    assert_eq!(outbox.push("x".into()), Err(Full));
    assert_eq!(outbox.push_front("x".into()), Err(Full));
    outbox.pop();
    outbox.pop();
    outbox.push("12345".into()).unwrap();
    outbox.push("67890".into()).unwrap();
    assert_eq!(outbox.push("1".into()), Err(Full));
    outbox.clear();
    assert_eq!((outbox.bytes(), outbox.pop()), (0, None));
    outbox.put(A, "again".into());
    assert_eq!(outbox.pop().unwrap(), "again");
}

fn frame(len: usize) -> Bytes {
    vec![7; len].into()
}

#[test]
fn little_leaves_in_bursts_with_a_flush_between() {
    let mut outbox = Outbox::new(1 << 20);
    outbox.push(frame(BURST - 10)).unwrap();
    outbox.push(frame(15)).unwrap();
    assert_eq!(outbox.next(), Next::Bytes { bytes: frame(BURST - 10), last: true });
    assert_eq!(outbox.next(), Next::Bytes { bytes: frame(10), last: false });
    assert_eq!(outbox.bytes(), 5);
    assert_eq!(outbox.next(), Next::Flush);
    assert_eq!(outbox.next(), Next::Bytes { bytes: frame(5), last: true });
    assert_eq!(outbox.next(), Next::Empty);
}

#[test]
fn much_leaves_in_slices_and_all_of_it_leaves() {
    let mut outbox = Outbox::new(1 << 20);
    outbox.push((0..=255).cycle().take(200_000).collect()).unwrap();
    let mut left = Vec::new();
    loop {
        match outbox.next() {
            Next::Bytes { bytes, .. } => {
                assert!(bytes.len() <= SLICE);
                left.extend(bytes);
            }
            Next::Flush => {}
            Next::Empty => break,
        }
    }
    assert_eq!(left, (0..=255).cycle().take(200_000).collect::<Vec<u8>>());
}

#[test]
fn a_frame_that_has_begun_is_finished_unless_abandoned() {
    let mut outbox = Outbox::new(1 << 20);
    outbox.put(A, frame(50_000));
    outbox.next();
    outbox.put(A, frame(1));
    outbox.clear();
    assert_eq!(outbox.bytes(), 50_000 - SLICE);
    outbox.abandon();
    assert_eq!(outbox.next(), Next::Empty);
}
