//! Writes with a request id: carried out once, however often they are sent, and acked each time as the first time.

mod basic;
mod faults;
mod fingerprints;
mod restart;
mod stored_acks;
mod unavailable;

pub(crate) use basic::{request_id, request_with_id};
