//! What is waiting to be written to one session, bounded in bytes.
//!
//! Frames leave in the order they came. A frame put into a *slot* replaces the slot's unsent one in
//! place, so that what was queued behind the older one still comes after the newer. A frame that has begun to
//! leave is no longer here to be replaced.
//!
//! A *series* leaves piece by piece. Once it has begun, what is put into its slot comes behind it; only what is put in
//! front of all others goes between two pieces.
//!
//! A *step* does not replace the unsent one but makes it stale: what stands for both is made when it is about to be
//! written, and until then nothing is kept of either.

use std::{cmp::Ordering, collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes};

use crate::wire::{
    frame::Frame,
    message::{Coalescing, Message, Slot},
    payload,
};

/// A slot of one namespace: its address, for which there is none other while it has sockets, and the slot's number.
pub(crate) type Key = (usize, Slot);

/// Bytes of a frame that are taken at a time by a writer that copies them.
const SLICE: usize = 16 * 1024;

/// A queue longer than this gives its memory back when it has emptied.
const KEEP_CAPACITY: usize = 32;

#[derive(Debug)]
struct QueuedFrame {
    bytes: Bytes,
    /// Further pieces of a series.
    rest: VecDeque<Bytes>,
    slot: Option<Key>,
    coalescing: Option<Coalescing>,
    /// Whether there are further steps, so that there are no bytes until it is folded.
    stale: bool,
    is_ack: bool,
}

/// What is known of a slot.
#[derive(Debug)]
struct SlotState {
    key: Key,
    /// The number of its last frame in the queue; below the queue's first it has left.
    at: u64,
    /// The last number in the slot's own history.
    version: u64,
}

/// More was waiting than the session may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutboxFull;

#[derive(Debug)]
pub(crate) struct Outbox {
    queue: VecDeque<QueuedFrame>,
    /// The number of the queue's front; frames are numbered as they come.
    first: u64,
    slots: Vec<SlotState>,
    /// How many are stale.
    stale: usize,
    /// Bytes waiting outside slots: what the limit is about.
    ordered: usize,
    total: usize,
    limit: usize,
    /// Bytes of acks that have not left to their end: all of one is kept until then.
    acks: usize,
    /// What is left of the frame that has begun to leave.
    current: Bytes,
    /// How many bytes of acks are gone when it has left.
    current_ack: usize,
    /// Bytes that have left, ever.
    written: u64,
    /// Bytes of the largest message that has begun to leave.
    largest: usize,
}

impl Outbox {
    pub(crate) fn new(limit: usize) -> Self {
        // Numbering starts in the middle so that frames can also be put in front.
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

    /// Bytes waiting, slots and what is left of the current frame included.
    pub(crate) fn bytes(&self) -> usize {
        self.total + self.current.len()
    }

    /// The same but for acks.
    pub(crate) fn without_acks(&self) -> usize {
        self.bytes().saturating_sub(self.acks)
    }

    /// Bytes of acks that wait, or have begun to leave.
    pub(crate) fn acks(&self) -> usize {
        self.acks
    }

    /// Bytes that have left so far: as long as it stays the same, the client takes nothing.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Whether a frame has begun to leave and could not be written to its end.
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

    /// Queues a frame behind all others. The first that waits is always taken.
    pub(crate) fn push(&mut self, bytes: Bytes) -> Result<(), OutboxFull> {
        self.admit(bytes.len())?;
        self.queue.push_back(QueuedFrame::ordered(bytes));
        Ok(())
    }

    /// Queues what a frame is made of.
    pub(crate) fn push_frame(&mut self, frame: &Frame) -> Result<(), OutboxFull> {
        frame.pieces().try_for_each(|bytes| self.push(bytes.clone()))
    }

    /// The same with an ack.
    pub(crate) fn push_ack(&mut self, bytes: Bytes) -> Result<(), OutboxFull> {
        self.admit(bytes.len())?;
        self.acks += bytes.len();
        self.queue.push_back(QueuedFrame { is_ack: true, ..QueuedFrame::ordered(bytes) });
        Ok(())
    }

    /// Queues a frame before all others: heartbeat and control frames, which a backlog must not delay. Returns how many
    /// bytes will have left, ever, when it has.
    pub(crate) fn push_front(&mut self, bytes: Bytes) -> Result<u64, OutboxFull> {
        self.admit(bytes.len())?;
        let written = self.written + (self.current.len() + bytes.len()) as u64;
        self.first -= 1;
        self.queue.push_front(QueuedFrame::ordered(bytes));
        Ok(written)
    }

    /// Puts a message into its slot: in the place of the unsent one, together with it, or behind all others. One that
    /// is no news is left out.
    pub(crate) fn put(&mut self, key: Key, message: &Message) {
        let at = match self.slots.iter().position(|state| state.key == key) {
            Some(at) => at,
            None => {
                self.slots.push(SlotState { key, at: 0, version: 0 });
                self.slots.len() - 1
            }
        };
        let (state, version) = (&mut self.slots[at], message.version);
        if version > 0 && (version < state.version || (version == state.version && !message.force)) {
            return;
        }
        state.version = state.version.max(version);
        if state.at < self.first {
            state.at = self.first + self.queue.len() as u64;
            self.queue.push_back(QueuedFrame::ordered(Bytes::new()));
        }
        let waiting = &mut self.queue[(state.at - self.first) as usize];
        self.total -= waiting.len();
        self.stale -= usize::from(waiting.stale);
        if message.coalescing.is_some() && waiting.coalescing.is_some() && !message.force {
            (waiting.bytes, waiting.rest, waiting.stale) = (Bytes::new(), VecDeque::new(), true);
        } else {
            waiting.take(&message.frame);
            (waiting.slot, waiting.coalescing) = (Some(key), message.coalescing.clone());
        }
        self.total += waiting.len();
        self.stale += usize::from(waiting.stale);
    }

    /// Drops what has not begun to leave in the slots of a namespace, and what is left of a series.
    pub(crate) fn discard_unsent(&mut self, namespace: usize) {
        let is_mine = |waiting: &QueuedFrame| waiting.slot.is_some_and(|key| key.0 == namespace);
        for index in (0..self.queue.len()).rev() {
            let Some(waiting) = self.queue.get(index).filter(|waiting| is_mine(waiting)) else { continue };
            self.total -= waiting.len();
            self.stale -= usize::from(waiting.stale);
            self.queue.remove(index);
            let at = self.first + index as u64;
            for state in &mut self.slots {
                match state.at.cmp(&at) {
                    Ordering::Less => {}
                    Ordering::Equal => state.at = 0,
                    // What was behind it has moved up.
                    Ordering::Greater => state.at -= 1,
                }
            }
        }
    }

    /// Folds what is stale among the first `count` frames, because they are about to be written.
    pub(crate) fn materialize(&mut self, count: usize) {
        if self.stale == 0 {
            return;
        }
        for waiting in self.queue.iter_mut().take(count).filter(|waiting| waiting.stale) {
            let Some(Coalescing { after, coalesce }) = &waiting.coalescing else { continue };
            let (frame, version) = coalesce.coalesce(*after);
            waiting.take(&frame);
            self.total += waiting.len();
            self.stale -= 1;
            if let Some(state) = self.slots.iter_mut().find(|state| Some(state.key) == waiting.slot) {
                state.version = state.version.max(version);
            }
        }
    }

    /// Takes the next piece to write, and whether it ends a frame.
    pub(crate) fn next(&mut self) -> Option<(Bytes, bool)> {
        if self.current.is_empty() {
            self.current = self.begin()?;
        }
        let last = self.current.len() <= SLICE;
        // Taken whole, a frame leaves no empty slice behind that would hold on to its bytes.
        let bytes = if last { std::mem::take(&mut self.current) } else { self.current.split_to(SLICE) };
        self.written += bytes.len() as u64;
        if last {
            self.finish_frame();
        }
        Some((bytes, last))
    }

    /// Fills `slices` with what waits, in order, for one vectored write; returns how many there are.
    pub(crate) fn peek<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let current = Some(&self.current).filter(|current| !current.is_empty());
        let waiting = current.into_iter().chain(self.queue.iter().flat_map(QueuedFrame::pieces));
        let filled = slices.iter_mut().zip(waiting).map(|(slice, bytes)| *slice = IoSlice::new(bytes));
        filled.count()
    }

    /// Drops the first `written` bytes of what waits; returns how many frames they ended.
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

    /// Takes the next frame, if it is one of those.
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

    /// Takes the next frame, which leaves from now on.
    fn begin(&mut self) -> Option<Bytes> {
        let is_ack = self.queue.front().is_some_and(|waiting| waiting.is_ack);
        let bytes = self.pop()?;
        self.largest = self.largest.max(payload::largest_message(&bytes));
        self.current_ack = if is_ack { bytes.len() } else { 0 };
        Some(bytes)
    }

    /// The frame has left to its end.
    fn finish_frame(&mut self) {
        self.acks -= std::mem::take(&mut self.current_ack);
    }

    fn pop(&mut self) -> Option<Bytes> {
        self.materialize(1);
        let front = self.queue.front_mut()?;
        if let Some(next) = front.rest.pop_front() {
            let (bytes, slot) = (std::mem::replace(&mut front.bytes, next), front.slot);
            // What is put into the slot from now on does not take the place of the rest.
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

    /// Drops what has not begun to leave.
    pub(crate) fn clear(&mut self) {
        self.first += self.queue.len() as u64;
        self.queue = VecDeque::new();
        self.slots = Vec::new();
        (self.ordered, self.total, self.stale, self.acks) = (0, 0, 0, self.current_ack);
    }

    /// Drops all, in the middle of a frame, too.
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

impl QueuedFrame {
    fn ordered(bytes: Bytes) -> Self {
        Self { bytes, rest: VecDeque::new(), slot: None, coalescing: None, stale: false, is_ack: false }
    }

    fn take(&mut self, frame: &Frame) {
        let mut pieces = frame.pieces().cloned();
        (self.bytes, self.stale) = (pieces.next().unwrap_or_default(), false);
        self.rest = pieces.collect();
    }

    fn pieces(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.bytes).chain(&self.rest)
    }

    fn len(&self) -> usize {
        self.pieces().map(Bytes::len).sum()
    }
}

#[cfg(test)]
mod tests;
