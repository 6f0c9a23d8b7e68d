//! Looking at a worker's sockets, on its thread: all of them at one moment.

use std::{hash::RandomState, rc::Rc, sync::Arc, thread::ThreadId};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{
    NAMESPACE,
    feed::Feed,
    socket_details::{self, Shown},
};
use crate::{
    config::Transport,
    hub::Hub,
    id::SocketId,
    worker::{Shard, socket::Core},
};

/// Namespaces that are looked at; those that come and go with their clients can be very many.
const MAX_NAMESPACES: usize = 10_000;
/// Above this many sockets on the server they are listed without their headers.
const MANY: usize = 1_000;

/// What a worker is asked.
pub(super) enum Ask {
    Sockets(Look),
    /// Which sockets are served by polling, and whose they are.
    Polling(UnboundedSender<Vec<(SocketId, u64)>>),
}

/// The wish of a page to see all of a worker's sockets. It is answered when it is dropped, so that no page waits for a
/// worker that has gone.
pub(super) struct Look {
    on: ThreadId,
    feed: Arc<Feed>,
    max_bytes: usize,
    sockets: Vec<Shown>,
}

impl Look {
    pub(super) fn new(on: ThreadId, feed: Arc<Feed>, max_bytes: usize) -> Self {
        Self { on, feed, max_bytes, sockets: Vec::new() }
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        self.feed.seen(self.on, std::mem::take(&mut self.sockets));
    }
}

/// Answers what this worker is asked, as long as it lives.
pub(super) async fn serve(hub: Hub, clients: RandomState, mut asked: UnboundedReceiver<Ask>) {
    while let Some(ask) = asked.recv().await {
        match ask {
            Ask::Sockets(look) => show(&hub, &clients, look),
            Ask::Polling(list) => {
                let _ = list.send(polling(&hub, &clients));
            }
        }
    }
}

fn show(hub: &Hub, clients: &RandomState, mut look: Look) {
    let (headers, mut left) = (hub.sockets() <= MANY, look.max_bytes);
    for_each(hub, |core| {
        if left > 0 {
            let shown = Shown::of(core, clients, headers);
            left = left.saturating_sub(shown.json.len());
            look.sockets.push(shown);
        }
    });
}

fn polling(hub: &Hub, clients: &RandomState) -> Vec<(SocketId, u64)> {
    let mut polling = Vec::new();
    for_each(hub, |core| {
        if core.link.transport() == Transport::Polling {
            polling.push((core.id, socket_details::client(core, clients)));
        }
    });
    polling
}

fn for_each(hub: &Hub, mut each: impl FnMut(&Rc<Core>)) {
    let shard = Shard::here(hub);
    let mut namespaces = hub.all();
    namespaces.retain(|nsp| &*nsp.name != NAMESPACE && nsp.sockets() > 0);
    if namespaces.len() > MAX_NAMESPACES {
        tracing::warn!(namespaces = namespaces.len(), "an admin page is shown only some of the namespaces");
    }
    for nsp in namespaces.iter().take(MAX_NAMESPACES) {
        shard.members(nsp).for_each(None, &mut each);
    }
}
