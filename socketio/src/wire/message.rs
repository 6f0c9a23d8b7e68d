//! A frame on its way into outboxes, and what becomes of it while a client does not read.
//!
//! ```text
//! event    every one is sent, in order; too many of them and the client is cut off
//! latest   in place of the slot's unsent one: the client may miss a state, never the last
//! step     the slot's unsent ones become one, made when it is written: the client misses nothing, and nothing adds up
//! ```

use std::{fmt, sync::Arc};

use crate::wire::frame::Frame;

/// Names a place in each socket's outbox that holds at most one unsent frame: the latest. A number stands for one
/// thing within a namespace, whoever it is sent to and in whichever rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slot(pub u16);

/// Makes one frame of the steps that a client has not been sent yet.
///
/// It is asked on the worker's thread when the frame is about to be written, and must not call back into this crate.
pub trait Coalesce: Send + Sync {
    /// What brings somebody who has all steps up to `after` up to date, and the number of the last step in it.
    fn coalesce(&self, after: u64) -> (Frame, u64);
}

/// What makes one frame of several, and from where on.
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
    /// Its place in its slot's history; 0 if that is not counted.
    pub(crate) version: u64,
    pub(crate) coalescing: Option<Coalescing>,
    /// Whether it is sent also to whom it has been sent before.
    pub(crate) force: bool,
}

impl Message {
    /// A frame that every socket gets, in order.
    pub fn event(frame: Frame) -> Self {
        Self { frame, slot: None, volatile: false, version: 0, coalescing: None, force: false }
    }

    /// A frame that replaces the slot's unsent one: a slow client may miss a state in between, never the last.
    pub fn latest(slot: Slot, frame: Frame) -> Self {
        Self { slot: Some(slot), ..Self::event(frame) }
    }

    /// Says which state of its slot this is. A socket that has been put this one or a later one is not sent it, so that
    /// states may reach it by different ways and it still never goes back.
    #[must_use]
    pub fn versioned(self, version: u64) -> Self {
        Self { version, ..self }
    }

    /// The same, with a frame that is [watched](Frame::watched).
    #[must_use]
    pub fn with_drop_guard(self, guard: impl Send + Sync + 'static) -> Self {
        Self { frame: self.frame.with_drop_guard(guard), ..self }
    }

    /// The step `version` of a slot's history; numbers count from 1 without gaps. Every socket gets every step, once and in
    /// order, but those that a slow client has not taken become one: `coalesce` makes it, from the step before the
    /// first of them to the last there is.
    ///
    /// Given to [`Socket::give`](crate::Socket::give) it may be the first of a socket's steps, whatever its number: the frame then
    /// stands for all up to that number, and so does what `coalesce` makes in its place.
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
