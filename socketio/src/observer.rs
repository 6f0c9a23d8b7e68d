//! Observation of a server, for the admin page.

#![cfg_attr(not(feature = "admin"), allow(dead_code, reason = "observers come with a feature"))]

use crate::{
    hub::Hub,
    limit_exceeded::LimitExceeded,
    reason::Reason,
    wire::{args::Args, frame::Frame},
    worker::{socket::SocketInner, target::Room},
};

/// An occurrence on the calling worker. A worker that `Began` has no sockets yet.
#[derive(Debug)]
pub(crate) enum Observed<'a> {
    Began { hub: &'a Hub },
    Connected { socket: &'a SocketInner },
    Disconnected { socket: &'a SocketInner, reason: Reason },
    Joined { socket: &'a SocketInner, room: &'a Room },
    Left { socket: &'a SocketInner, room: &'a Room },
    Received { socket: &'a SocketInner, name: &'a str, args: &'a Args, limit_exceeded: Option<LimitExceeded> },
    Sent { socket: &'a SocketInner, frame: &'a Frame },
}

/// Called on all workers; must not block.
pub(crate) trait Observer: Send + Sync {
    fn observe(&self, observed: &Observed<'_>);
}
