use super::*;

const A: Key = (1, Slot(1));
const B: Key = (1, Slot(2));

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
fn a_copying_writer_gets_slices_and_all_of_them() {
    let mut outbox = Outbox::new(1 << 20);
    outbox.push((0..=255).cycle().take(200_000).collect()).unwrap();
    let mut left = Vec::new();
    while let Some((bytes, last)) = outbox.next() {
        assert!(bytes.len() <= SLICE);
        left.extend(bytes);
        assert_eq!(last, left.len() == 200_000);
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
    assert_eq!(outbox.next(), None);
}

/// Writes as a kernel would that takes `room` bytes at a time.
fn write(outbox: &mut Outbox, room: usize) -> (Vec<u8>, u64) {
    let mut slices = [IoSlice::new(&[]); 4];
    let count = outbox.peek(&mut slices);
    let bytes: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.iter().copied()).take(room).collect();
    let ended = outbox.advance(bytes.len());
    (bytes, ended)
}

#[test]
fn a_vectored_writer_may_stop_anywhere() {
    for room in 1..40 {
        let mut outbox = Outbox::new(1 << 20);
        let frames = ["one", "two two", "three three three", "4", "five", "six"];
        frames.iter().for_each(|frame| outbox.push((*frame).into()).unwrap());
        let (mut left, mut ended) = (Vec::new(), 0);
        while outbox.bytes() > 0 {
            let (bytes, frames) = write(&mut outbox, room);
            left.extend(bytes);
            ended += frames;
        }
        assert_eq!((String::from_utf8(left).unwrap(), ended), (frames.concat(), 6), "{room}");
    }
}

#[test]
fn what_has_begun_to_leave_is_not_replaced_and_the_rest_is() {
    let mut outbox = Outbox::new(1 << 20);
    outbox.put(A, "old a".into());
    outbox.put(B, "old b".into());
    assert_eq!(write(&mut outbox, 2), (b"ol".to_vec(), 0));
    outbox.put(A, "new a".into());
    outbox.put(B, "new b".into());
    outbox.push_front("ping".into()).unwrap();
    assert_eq!(write(&mut outbox, 100), (b"d apingnew bnew a".to_vec(), 4));
    assert_eq!(outbox.bytes(), 0);
}
