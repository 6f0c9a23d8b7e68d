//! What is waiting to be written to one session, bounded in bytes.
//!
//! Frames leave in the order they came. A frame put into a *slot* replaces the slot's unsent one in
//! place, so that what was queued behind the older one still comes after the newer. A frame that has begun to
//! leave is no longer here to be replaced.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::hub::Slot;

/// Bytes handed to actix at a time when much is waiting: half of what it buffers before it writes.
const SLICE: usize = 16 * 1024;
/// With no more waiting than this, memory counts for more than system calls …
const LITTLE: usize = 32 * 1024;
/// … and this much is written before more is handed over: it fits actix's first write buffer, head of the response
/// included. A buffer that has grown is kept for as long as the connection lives.
const BURST: usize = 7 * 1024;

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
    /// What is left of the frame that has begun to leave.
    current: Bytes,
    /// Bytes that have left since there was last a pause to flush.
    burst: usize,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Write these; `last` if they end a frame.
    Bytes {
        bytes: Bytes,
        last: bool,
    },
    /// Flush, then ask again.
    Flush,
    Empty,
}

impl Outbox {
    pub(crate) fn new(limit: usize) -> Self {
        // Numbering starts in the middle so that frames can also be put in front.
        Self {
            queue: VecDeque::new(),
            first: 1 << 62,
            slots: Vec::new(),
            ordered: 0,
            total: 0,
            limit,
            current: Bytes::new(),
            burst: 0,
        }
    }

    /// Bytes waiting, slots and what is left of the current frame included.
    pub(crate) fn bytes(&self) -> usize {
        self.total + self.current.len()
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

    /// The next piece to write.
    pub(crate) fn next(&mut self) -> Next {
        if self.current.is_empty() {
            match self.pop() {
                Some(frame) => self.current = frame,
                None => {
                    self.burst = 0;
                    return Next::Empty;
                }
            }
        }
        let most = if self.burst + self.bytes() > LITTLE { SLICE } else { BURST.saturating_sub(self.burst) };
        if most == 0 {
            self.burst = 0;
            return Next::Flush;
        }
        let last = self.current.len() <= most;
        // Taken whole, a frame leaves no empty slice behind that would hold on to its bytes.
        let bytes = if last { std::mem::take(&mut self.current) } else { self.current.split_to(most) };
        self.burst += bytes.len();
        Next::Bytes { bytes, last }
    }

    fn pop(&mut self) -> Option<Bytes> {
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

    /// Drops what has not begun to leave.
    pub(crate) fn clear(&mut self) {
        self.first += self.queue.len() as u64;
        self.queue = VecDeque::new();
        self.slots = Vec::new();
        (self.ordered, self.total) = (0, 0);
    }

    /// Drops all, in the middle of a frame, too.
    pub(crate) fn abandon(&mut self) {
        self.clear();
        self.current = Bytes::new();
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
mod tests;
