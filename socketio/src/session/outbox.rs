//! Frames that wait for one session's connection, bounded in bytes.
//!
//! Frames leave in order. A frame put into a *slot* replaces the unsent one of that slot in place, so that frames
//! queued after the older one still follow the newer. A frame that has begun to leave is not replaced.
//!
//! A *series* leaves piece by piece. Once it has begun, a new frame of its slot follows it, and only priority frames go
//! between two pieces.
//!
//! A *delta* does not replace the unsent one but makes it stale. The frame for both is built when it is about to be
//! written; until then neither is kept. Slots and deltas are in [`slots`].

use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes};

use crate::wire::{frame::Frame, payload};

mod queue;
mod slots;

pub(crate) use queue::Key;
use queue::{QueuedFrame, SlotState};

/// Bytes that a copying writer takes at a time.
const SLICE: usize = 16 * 1024;

/// A larger queue releases its memory when it is empty: most clients are sent much when they connect, and then little at
/// a time.
const KEEP_CAPACITY: usize = 4;

/// The backlog exceeds the limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutboxFull;

#[derive(Debug)]
pub(crate) struct Outbox {
    queue: VecDeque<QueuedFrame>,
    /// Sequence number of the queue's front.
    first: u64,
    slots: Vec<SlotState>,
    /// Number of stale frames.
    stale: usize,
    /// Bytes of frames outside slots, which the limit applies to.
    ordered: usize,
    total: usize,
    limit: usize,
    /// Bytes of acks that have not completely left.
    acks: usize,
    /// Rest of the frame that has begun to leave.
    current: Bytes,
    /// Bytes of acks that `current` completes.
    current_ack: usize,
    /// Bytes written so far.
    written: u64,
    /// Bytes of the largest message that has begun to leave.
    largest: usize,
}

impl Outbox {
    pub(crate) fn new(limit: usize) -> Self {
        // Numbering starts in the middle, so that frames can also be put in front.
        Self {
            queue: VecDeque::new(),
            first: 1 << 62,
            slots: Vec::new(),
            stale: 0,
            ordered: 0,
            total: 0,
            limit,
            acks: 0,
            current: Bytes::new(),
            current_ack: 0,
            written: 0,
            largest: 0,
        }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Waiting bytes, slots and the rest of the current frame included.
    pub(crate) fn bytes(&self) -> usize {
        self.total + self.current.len()
    }

    /// Waiting bytes without acks.
    pub(crate) fn without_acks(&self) -> usize {
        self.bytes().saturating_sub(self.acks)
    }

    /// Bytes of acks that wait or have begun to leave.
    pub(crate) fn acks(&self) -> usize {
        self.acks
    }

    /// Bytes written so far; constant while the client receives nothing.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Whether a frame has been written in part.
    pub(crate) fn is_mid_frame(&self) -> bool {
        !self.current.is_empty()
    }

    /// Bytes of the largest message that has begun to leave so far.
    pub(crate) fn largest(&self) -> usize {
        self.largest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.current.is_empty()
    }

    /// Queues a frame. An empty outbox accepts any size.
    pub(crate) fn push(&mut self, bytes: Bytes) -> Result<(), OutboxFull> {
        self.admit(bytes.len())?;
        self.queue.push_back(QueuedFrame::ordered(bytes));
        Ok(())
    }

    /// Queues the pieces of a frame.
    pub(crate) fn push_frame(&mut self, frame: &Frame) -> Result<(), OutboxFull> {
        frame.pieces().try_for_each(|bytes| self.push(bytes.clone()))
    }

    /// Queues an ack.
    pub(crate) fn push_ack(&mut self, bytes: Bytes) -> Result<(), OutboxFull> {
        self.admit(bytes.len())?;
        self.acks += bytes.len();
        self.queue.push_back(QueuedFrame { is_ack: true, ..QueuedFrame::ordered(bytes) });
        Ok(())
    }

    /// Queues a frame before all others: heartbeat and control frames, which a backlog must not delay. Returns the
    /// count of written bytes at which it has left.
    pub(crate) fn push_front(&mut self, bytes: Bytes) -> Result<u64, OutboxFull> {
        self.admit(bytes.len())?;
        let written = self.written + (self.current.len() + bytes.len()) as u64;
        // The frame takes the number of the one that left last, which a slot may still name.
        for state in self.slots.iter_mut().filter(|state| state.at < self.first) {
            state.at = 0;
        }
        self.first -= 1;
        self.queue.push_front(QueuedFrame::ordered(bytes));
        Ok(written)
    }

    /// Takes the next piece to write, and whether it ends a frame.
    pub(crate) fn next(&mut self) -> Option<(Bytes, bool)> {
        if self.current.is_empty() {
            self.current = self.begin()?;
        }
        let last = self.current.len() <= SLICE;
        // Taking the whole frame leaves no empty slice that would keep its bytes alive.
        let bytes = if last { std::mem::take(&mut self.current) } else { self.current.split_to(SLICE) };
        self.written += bytes.len() as u64;
        if last {
            self.finish_frame();
        }
        Some((bytes, last))
    }

    /// Fills `slices` with waiting bytes for one vectored write; returns their number.
    pub(crate) fn peek<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let current = Some(&self.current).filter(|current| !current.is_empty());
        let waiting = current.into_iter().chain(self.queue.iter().flat_map(QueuedFrame::pieces));
        let filled = slices.iter_mut().zip(waiting).map(|(slice, bytes)| *slice = IoSlice::new(bytes));
        filled.count()
    }

    /// Drops the first `written` bytes; returns the number of completed frames.
    pub(crate) fn advance(&mut self, mut written: usize) -> u64 {
        let mut ended = 0;
        self.written += written as u64;
        while written > 0 {
            if self.current.is_empty() {
                let Some(frame) = self.begin() else { break };
                self.current = frame;
            }
            if written < self.current.len() {
                self.current.advance(written);
                break;
            }
            written -= self.current.len();
            self.current = Bytes::new();
            self.finish_frame();
            ended += 1;
        }
        ended
    }

    /// Takes the next frame if it is `wanted`.
    pub(crate) fn pop_if(&mut self, wanted: impl FnOnce(&[u8]) -> bool) -> Option<Bytes> {
        self.materialize(1);
        if !wanted(&self.queue.front()?.bytes) {
            return None;
        }
        let bytes = self.begin()?;
        self.written += bytes.len() as u64;
        self.finish_frame();
        Some(bytes)
    }

    /// Takes the next frame, which has begun to leave.
    fn begin(&mut self) -> Option<Bytes> {
        let is_ack = self.queue.front().is_some_and(|waiting| waiting.is_ack);
        let bytes = self.pop()?;
        self.largest = self.largest.max(payload::largest_message(&bytes));
        self.current_ack = if is_ack { bytes.len() } else { 0 };
        Some(bytes)
    }

    /// The current frame has left completely.
    fn finish_frame(&mut self) {
        self.acks -= std::mem::take(&mut self.current_ack);
    }

    fn pop(&mut self) -> Option<Bytes> {
        self.materialize(1);
        let front = self.queue.front_mut()?;
        if let Some(next) = front.rest.pop_front() {
            let (bytes, slot) = (std::mem::replace(&mut front.bytes, next), front.slot);
            // A later frame of the slot does not replace the rest of the series.
            front.coalescing = None;
            if let Some(state) = self.slots.iter_mut().find(|state| state.at == self.first) {
                state.at = 0;
            }
            debug_assert!(slot.is_some(), "a series waits in a slot");
            self.total -= bytes.len();
            return Some(bytes);
        }
        let QueuedFrame { bytes, slot, .. } = self.queue.pop_front()?;
        self.first += 1;
        self.total -= bytes.len();
        if slot.is_none() {
            self.ordered -= bytes.len();
        }
        if self.queue.is_empty() && self.queue.capacity() > KEEP_CAPACITY {
            self.queue = VecDeque::new();
        }
        Some(bytes)
    }

    /// Drops all frames that have not begun to leave.
    pub(crate) fn clear(&mut self) {
        self.first += self.queue.len() as u64;
        self.queue = VecDeque::new();
        self.slots = Vec::new();
        (self.ordered, self.total, self.stale, self.acks) = (0, 0, 0, self.current_ack);
    }

    /// Drops everything, including a partly written frame.
    pub(crate) fn abandon(&mut self) {
        self.clear();
        self.current = Bytes::new();
        self.finish_frame();
    }

    fn admit(&mut self, len: usize) -> Result<(), OutboxFull> {
        if self.ordered > 0 && self.ordered + len > self.limit {
            return Err(OutboxFull);
        }
        self.ordered += len;
        self.total += len;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
