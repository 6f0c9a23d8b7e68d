//! Slots: frames that replace an unsent one, or are coalesced with it.

use std::{cmp::Ordering, collections::VecDeque};

use bytes::Bytes;

use super::{
    Outbox,
    queue::{Key, QueuedFrame, SlotState},
};
use crate::wire::message::{Coalescing, Message};

impl Outbox {
    /// Puts a message into its slot: in place of the unsent one, coalesced with it, or at the end. An outdated version
    /// is ignored.
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

    /// Drops the unsent frames in a namespace's slots, and the rest of a series.
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
                    // Later frames have moved up.
                    Ordering::Greater => state.at -= 1,
                }
            }
        }
    }

    /// Builds the stale ones of the first `count` frames, which are about to be written.
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
}
