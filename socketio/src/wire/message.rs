//! Messages: a frame, and its rule while a client does not read.
//!
//! ```text
//! event    all are sent, in order; the client is disconnected when there are too many
//! latest   replaces the unsent one of its slot: the client may skip states, but not the last
//! delta    unsent ones of a slot are coalesced when they are written: the client skips nothing, and memory is bounded
//! ```

use std::{fmt, sync::Arc};

use crate::wire::frame::Frame;

/// A place in each socket's outbox for at most one unsent frame. Within a namespace a number has one meaning, for all
/// recipients and rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(pub u16);

/// Builds one frame from the deltas that a client has not been sent yet.
///
/// It is called on the worker's thread when the frame is about to be written, and must not call back into this crate.
pub trait Coalesce: Send + Sync {
    /// The frame that updates a client with all deltas up to `after`, and the version of the last delta in it.
    fn coalesce(&self, after: u64) -> (Frame, u64);
}

/// The builder of a coalesced frame, and the version that it starts after.
#[derive(Clone)]
pub(crate) struct Coalescing {
    pub(crate) after: u64,
    pub(crate) coalesce: Arc<dyn Coalesce>,
}

/// A frame and how it is to be queued.
#[derive(Debug, Clone)]
pub struct Message {
    pub(crate) frame: Frame,
    pub(crate) slot: Option<Slot>,
    pub(crate) volatile: bool,
    /// Version within the slot; 0 without versions.
    pub(crate) version: u64,
    pub(crate) coalescing: Option<Coalescing>,
    /// Whether it is sent even if its version was sent before.
    pub(crate) force: bool,
}

impl Message {
    /// A frame that every recipient receives, in order.
    pub fn event(frame: Frame) -> Self {
        Self { frame, slot: None, volatile: false, version: 0, coalescing: None, force: false }
    }

    /// A frame that replaces the slot's unsent one. A slow client may skip intermediate states, never the last.
    pub fn latest(slot: Slot, frame: Frame) -> Self {
        Self { slot: Some(slot), ..Self::event(frame) }
    }

    /// Sets the version of the slot's state. A socket that was sent this version or a later one ignores the message, so
    /// that states may arrive by several ways and never go backwards.
    #[must_use]
    pub fn versioned(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// Adds a [drop guard](Frame::with_drop_guard) to the frame.
    #[must_use]
    pub fn with_drop_guard(self, guard: impl Send + Sync + 'static) -> Self {
        Self { frame: self.frame.with_drop_guard(guard), ..self }
    }

    /// The delta `version` of a slot; versions start at 1, without gaps. Every recipient receives every delta once and
    /// in order, but those that a slow client has not received are coalesced into one frame, from the first of them to
    /// the latest version.
    ///
    /// In [`Socket::send_messages_with`](crate::Socket::send_messages_with) it may be the socket's first delta, with
    /// any version. Its frame, and the result of `coalesce` in its place, then stand for everything up to that version.
    pub fn delta(slot: Slot, version: u64, frame: Frame, coalesce: Arc<dyn Coalesce>) -> Self {
        let coalescing = Some(Coalescing { after: version.saturating_sub(1), coalesce });
        Self { version, coalescing, ..Self::latest(slot, frame) }
    }
}

impl fmt::Debug for Coalescing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folding").field("after", &self.after).finish_non_exhaustive()
    }
}
