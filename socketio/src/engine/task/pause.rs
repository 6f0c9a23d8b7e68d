//! A pause in reading a session, because too many of its messages wait.

use std::{
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{FutureExt, future::LocalBoxFuture};
use tokio::time::Instant;

use crate::{metrics::Metrics, session::handle::SessionHandle};

#[derive(Default)]
pub(super) struct Pause {
    since: Option<Instant>,
    /// Waits for the client to disconnect, because the socket is not read meanwhile.
    watch: Option<LocalBoxFuture<'static, ()>>,
}

impl Pause {
    pub(super) fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// Begins a pause, unless one has begun.
    pub(super) fn begin(&mut self) {
        if self.since.is_none() {
            Metrics::count_limit("max_inbox");
            self.since = Some(Instant::now());
        }
    }

    /// Ends the pause; returns whether there was one.
    pub(super) fn end(&mut self) -> bool {
        self.since.take().is_some()
    }

    /// Time at which the pause must have ended.
    pub(super) fn until(&self, timeout: Duration) -> Option<Instant> {
        self.since.map(|since| since + timeout)
    }

    /// Ready once the client has disconnected.
    pub(super) fn poll_hung_up(&mut self, cx: &mut Context<'_>, session: &SessionHandle) -> Poll<()> {
        if self.watch.is_none() {
            let wait_for_peer_close =
                session.connection().and_then(|connection| connection.wait_for_peer_close().ok());
            self.watch = wait_for_peer_close.map(FutureExt::boxed_local);
        }
        let Some(watch) = &mut self.watch else { return Poll::Pending };
        ready!(watch.as_mut().poll(cx));
        self.watch = None;
        Poll::Ready(())
    }

    /// Drops the watch once all messages are handled. Not earlier: a burst causes many short pauses.
    pub(super) fn forget(&mut self) {
        self.watch = None;
    }
}
