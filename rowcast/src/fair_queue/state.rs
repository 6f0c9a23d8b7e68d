//! The order in which waiting requests are served.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use super::{FairPermit, QueueCapacity, QueueError};

/// The clients with running or waiting requests.
#[derive(Default)]
pub(super) struct State {
    pub(super) running: usize,
    pub(super) waiting: usize,
    pub(super) clients: HashMap<u64, Client>,
    /// Clients with waiting requests, the next one first.
    pub(super) order: VecDeque<u64>,
}

#[derive(Default)]
pub(super) struct Client {
    running: usize,
    waiting: Queue,
    /// Whether the client is in `order`.
    listed: bool,
}

/// The waiting requests of one client, by part.
#[derive(Default)]
struct Queue {
    len: usize,
    parts: VecDeque<(u64, VecDeque<oneshot::Sender<FairPermit>>)>,
}

impl State {
    pub(super) fn enqueue(
        &mut self,
        capacity: QueueCapacity,
        id: u64,
        part: u64,
        sender: oneshot::Sender<FairPermit>,
    ) -> Result<(), QueueError> {
        let client = self.clients.entry(id).or_default();
        if client.waiting.len >= capacity.per_client {
            self.waiting -= client.waiting.drop_closed();
        }
        if self.waiting >= capacity.total || client.waiting.len >= capacity.per_client {
            return Err(QueueError::Full);
        }
        client.waiting.push(part, sender);
        self.waiting += 1;
        if !std::mem::replace(&mut client.listed, true) {
            self.order.push_back(id);
        }
        Ok(())
    }

    pub(super) fn next(
        &mut self,
        slots: usize,
        per_client: usize,
    ) -> Option<(u64, oneshot::Sender<FairPermit>)> {
        while self.running < slots {
            let may =
                |client: &u64| self.clients.get(client).is_some_and(|client| client.running < per_client);
            let at = self.order.iter().position(may)?;
            let id = self.order.remove(at)?;
            let client = self.clients.get_mut(&id)?;
            let before = client.waiting.len;
            let sender = client.waiting.next();
            self.waiting -= before - client.waiting.len;
            client.listed = client.waiting.len > 0;
            if client.listed {
                self.order.push_back(id);
            }
            if let Some(sender) = sender {
                client.running += 1;
                self.running += 1;
                return Some((id, sender));
            }
            self.remove_idle(id);
        }
        None
    }

    pub(super) fn end(&mut self, id: u64) {
        self.running -= 1;
        if let Some(client) = self.clients.get_mut(&id) {
            client.running -= 1;
        }
        self.remove_idle(id);
    }

    fn remove_idle(&mut self, id: u64) {
        if self.clients.get(&id).is_some_and(|client| client.running == 0 && !client.listed) {
            self.clients.remove(&id);
        }
    }
}

impl Queue {
    fn push(&mut self, part: u64, sender: oneshot::Sender<FairPermit>) {
        self.len += 1;
        match self.parts.iter_mut().find(|(id, _)| *id == part) {
            Some((_, waiting)) => waiting.push_back(sender),
            None => self.parts.push_back((part, VecDeque::from([sender]))),
        }
    }

    /// The next request that still waits, from the next part.
    fn next(&mut self) -> Option<oneshot::Sender<FairPermit>> {
        loop {
            let (part, mut waiting) = self.parts.pop_front()?;
            let sender = waiting.pop_front();
            if !waiting.is_empty() {
                self.parts.push_back((part, waiting));
            }
            self.len -= usize::from(sender.is_some());
            if let Some(sender) = sender.filter(|sender| !sender.is_closed()) {
                return Some(sender);
            }
        }
    }

    /// Removes cancelled requests; returns their number.
    fn drop_closed(&mut self) -> usize {
        let before = self.len;
        for (_, waiting) in &mut self.parts {
            waiting.retain(|sender| !sender.is_closed());
        }
        self.parts.retain(|(_, waiting)| !waiting.is_empty());
        self.len = self.parts.iter().map(|(_, waiting)| waiting.len()).sum();
        before - self.len
    }
}
