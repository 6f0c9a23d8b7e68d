//! Somebody who watches what happens on a server, such as an admin page.

#![cfg_attr(not(feature = "admin"), allow(dead_code, reason = "whoever watches comes with a feature"))]

use crate::{
    event::Event,
    hub::Hub,
    reason::Reason,
    wire::frame::Frame,
    worker::{socket::SocketInner, target::Room},
};

/// What happened, on the worker where it did. One that `Began` has no sockets yet.
#[derive(Debug)]
pub(crate) enum Observed<'a> {
    Began { hub: &'a Hub },
    Connected { socket: &'a SocketInner },
    Disconnected { socket: &'a SocketInner, reason: Reason },
    Joined { socket: &'a SocketInner, room: &'a Room },
    Left { socket: &'a SocketInner, room: &'a Room },
    Received { socket: &'a SocketInner, event: &'a Event },
    Sent { socket: &'a SocketInner, frame: &'a Frame },
}

/// Called from all workers; it must not wait.
pub(crate) trait Observer: Send + Sync {
    fn observe(&self, observed: &Observed<'_>);
}
