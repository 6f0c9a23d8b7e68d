//! Pings of a session.

use std::{sync::Arc, time::Duration};

use super::SessionHandle;
use crate::{
    config::Transport,
    session::ping::{Ping, PollProgress},
    wire::frame::Frame,
};

impl SessionHandle {
    /// Progress of the polling responses.
    pub(crate) fn poll_progress(&self) -> &Arc<PollProgress> {
        &self.poll_progress
    }

    /// Sends a ping ahead of the backlog.
    pub(crate) fn ping(&self) {
        let blocked = match self.transport() {
            Transport::Polling => self.poll_progress.is_answering(),
            Transport::WebSocket => self.stalled.get() || self.state.borrow().outbox.is_mid_frame(),
        };
        let mut until = None;
        self.queue(|outbox| {
            until = outbox.push_front(Frame::text("2").into_bytes()).ok();
            until.is_some()
        });
        let until = until.filter(|_| blocked);
        self.ping.set(Ping::new(until, self.taken_now()));
    }

    /// Whether the client receives the data ahead of its ping, or has just received the last of it. Called when its
    /// pong is due, after `within`.
    pub(crate) fn is_receiving(&self, within: Duration) -> bool {
        let mut ping = self.ping.get();
        let on_its_way = ping.is_behind(self.bytes_written()) || self.poll_progress.is_answering();
        let taking = ping.is_receiving(self.taken_now(), on_its_way, within);
        self.ping.set(ping);
        taking
    }

    fn taken_now(&self) -> u64 {
        match self.transport() {
            Transport::Polling => self.poll_progress.bytes(),
            Transport::WebSocket => self.bytes_written(),
        }
    }
}
