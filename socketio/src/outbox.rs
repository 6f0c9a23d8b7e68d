//! What is waiting to be written to one session, bounded in bytes.
//!
//! Frames leave in the order they came. A frame put into a *slot* replaces the slot's unsent one in
//! place, so that what was queued behind the older one still comes after the newer. A frame that has begun to
//! leave is no longer here to be replaced.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::hub::Slot;

/// A queue longer than this gives its memory back when it has emptied.
const KEEP: usize = 32;

#[derive(Debug)]
struct Waiting {
    bytes: Bytes,
    slot: Option<Slot>,
}

/// More was waiting than the session may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug)]
pub(crate) struct Outbox {
    queue: VecDeque<Waiting>,
    /// The number of the queue's front; frames are numbered as they come.
    first: u64,
    /// The number of each slot's last frame; below `first` it has left.
    slots: Vec<(Slot, u64)>,
    /// Bytes waiting outside slots: what the limit is about.
    ordered: usize,
    total: usize,
    limit: usize,
}

impl Outbox {
    pub(crate) fn new(limit: usize) -> Self {
        // Numbering starts in the middle so that frames can also be put in front.
        Self { queue: VecDeque::new(), first: 1 << 62, slots: Vec::new(), ordered: 0, total: 0, limit }
    }

    /// Bytes waiting, slots included.
    pub(crate) fn bytes(&self) -> usize {
        self.total
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Queues a frame behind all others. The first that waits is always taken.
    pub(crate) fn push(&mut self, bytes: Bytes) -> Result<(), Full> {
        self.admit(bytes.len())?;
        self.queue.push_back(Waiting { bytes, slot: None });
        Ok(())
    }

    /// Queues a frame before all others: heartbeat and control frames, which a backlog must not delay.
    pub(crate) fn push_front(&mut self, bytes: Bytes) -> Result<(), Full> {
        self.admit(bytes.len())?;
        self.first -= 1;
        self.queue.push_front(Waiting { bytes, slot: None });
        Ok(())
    }

    /// Replaces the slot's unsent frame, or queues one behind all others.
    pub(crate) fn put(&mut self, slot: Slot, bytes: Bytes) {
        self.total += bytes.len();
        let next = self.first + self.queue.len() as u64;
        if let Some((_, number)) = self.slots.iter_mut().find(|(known, _)| *known == slot) {
            if *number >= self.first {
                let place = &mut self.queue[(*number - self.first) as usize].bytes;
                self.total -= place.len();
                *place = bytes;
                return;
            }
            *number = next;
        } else {
            self.slots.push((slot, next));
        }
        self.queue.push_back(Waiting { bytes, slot: Some(slot) });
    }

    pub(crate) fn pop(&mut self) -> Option<Bytes> {
        let Waiting { bytes, slot } = self.queue.pop_front()?;
        self.first += 1;
        self.total -= bytes.len();
        if slot.is_none() {
            self.ordered -= bytes.len();
        }
        if self.queue.is_empty() && self.queue.capacity() > KEEP {
            self.queue = VecDeque::new();
        }
        Some(bytes)
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.queue.len() as u64;
        self.queue = VecDeque::new();
        self.slots = Vec::new();
        (self.ordered, self.total) = (0, 0);
    }

    fn admit(&mut self, len: usize) -> Result<(), Full> {
        if self.ordered > 0 && self.ordered + len > self.limit {
            return Err(Full);
        }
        self.ordered += len;
        self.total += len;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
}
