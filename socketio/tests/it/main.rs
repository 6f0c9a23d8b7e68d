//! A real server on a free port, and real sockets.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod acks;
mod bounds;
mod broadcast;
mod coalescing;
mod events;
mod harness;
mod heartbeat;
mod limits;
mod namespaces;
mod opening;
mod polling;
mod protocol;
mod recovery;
mod rooms;
mod shutdown;
mod slow_link;
mod tls;
mod upgrade;
