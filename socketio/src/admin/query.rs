//! Queries of a worker's sockets on its own thread, at one moment.

use std::{hash::RandomState, rc::Rc, sync::Arc, thread::ThreadId};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{
    feed::EventFeed,
    name::NAMESPACE,
    socket_details::{self, SocketDetails},
};
use crate::{
    config::Transport,
    hub::Hub,
    id::SocketId,
    worker::{Worker, socket::SocketInner},
};

/// Maximum number of visited namespaces; dynamic ones can be very many.
const MAX_NAMESPACES: usize = 10_000;
/// Number of sockets on the server above which they are listed without headers.
const MAX_WITH_HEADERS: usize = 1_000;

/// A query to a worker.
pub(super) enum WorkerQuery {
    Sockets(SocketListRequest),
    /// The polling sockets and their clients.
    Polling(UnboundedSender<Vec<(SocketId, u64)>>),
}

/// A page's request for all sockets of a worker. Dropping it sends the answer, so that no page waits for a stopped
/// worker.
pub(super) struct SocketListRequest {
    on: ThreadId,
    feed: Arc<EventFeed>,
    max_bytes: usize,
    sockets: Vec<SocketDetails>,
}

impl SocketListRequest {
    pub(super) fn new(on: ThreadId, feed: Arc<EventFeed>, max_bytes: usize) -> Self {
        Self { on, feed, max_bytes, sockets: Vec::new() }
    }
}

impl Drop for SocketListRequest {
    fn drop(&mut self) {
        self.feed.seen(self.on, std::mem::take(&mut self.sockets));
    }
}

/// Answers the queries of this worker.
pub(super) async fn serve(hub: Hub, clients: RandomState, mut queries: UnboundedReceiver<WorkerQuery>) {
    while let Some(query) = queries.recv().await {
        match query {
            WorkerQuery::Sockets(request) => list(&hub, &clients, request),
            WorkerQuery::Polling(list) => {
                let _ = list.send(polling(&hub, &clients));
            }
        }
    }
}

fn list(hub: &Hub, clients: &RandomState, mut request: SocketListRequest) {
    let (headers, mut left) = (hub.sockets() <= MAX_WITH_HEADERS, request.max_bytes);
    for_each(hub, |socket| {
        if left > 0 {
            let shown = SocketDetails::of(socket, clients, headers);
            left = left.saturating_sub(shown.json.len());
            request.sockets.push(shown);
        }
    });
}

fn polling(hub: &Hub, clients: &RandomState) -> Vec<(SocketId, u64)> {
    let mut polling = Vec::new();
    for_each(hub, |socket| {
        if socket.session.transport() == Transport::Polling {
            polling.push((socket.id, socket_details::client(socket, clients)));
        }
    });
    polling
}

fn for_each(hub: &Hub, mut each: impl FnMut(&Rc<SocketInner>)) {
    let worker = Worker::current(hub);
    let mut namespaces = hub.all_namespaces();
    namespaces.retain(|nsp| &*nsp.name != NAMESPACE && nsp.sockets() > 0);
    if namespaces.len() > MAX_NAMESPACES {
        tracing::warn!(
            namespaces = namespaces.len(),
            "an admin page shows only some of the namespaces, because there are too many"
        );
    }
    for nsp in namespaces.iter().take(MAX_NAMESPACES) {
        worker.members(nsp).for_each(None, &mut each);
    }
}
