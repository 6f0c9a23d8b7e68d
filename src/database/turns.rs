//! Reads that clients ask for take turns, so that none of them keeps the others from reading.
//!
//! ```text
//! one client's reads   ─▶ 1 2 3 ┐
//! another one's        ─▶ 1     ├─▶ round and round, a few at a time      the server's own reads do not wait here
//! a third one's        ─▶ 1 2   ┘
//! ```
//!
//! A few at a time is fewer than there are connections: one is always there for what must be quick, such as a sign-in or the
//! question whether the database answers. And nobody has more than half of those, for as long as a statement may take.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::error::Error;

/// How long a read waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Reads that may wait.
const WAITING: usize = 4096;

/// Who may read when.
pub(super) struct Turns {
    slots: usize,
    each: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    waiting: usize,
    clients: HashMap<u64, Client>,
    /// Clients of whom something waits, the next one first.
    order: VecDeque<u64>,
}

#[derive(Default)]
struct Client {
    running: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// That a client may read, for as long as this lives.
pub(super) struct Turn {
    turns: Arc<Turns>,
    client: u64,
}

impl Turns {
    /// So many at a time.
    pub(super) fn new(slots: usize) -> Arc<Self> {
        Arc::new(Self { slots, each: slots.div_ceil(2), state: Mutex::default() })
    }

    /// Waits until it is this client's turn.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when that takes too long, or too many wait.
    pub(super) async fn take(self: &Arc<Self>, client: u64) -> Result<Turn, Error> {
        let (give, given) = oneshot::channel();
        {
            let mut state = self.state();
            if state.waiting >= WAITING {
                return Err(Error::Unavailable("too many reads are waiting for the database".into()));
            }
            state.waiting += 1;
            state.enqueue(client, give);
        }
        self.go_on();
        let turn = tokio::time::timeout(PATIENCE, given).await;
        let late = || Error::Unavailable("other reads took too long".into());
        turn.ok().and_then(Result::ok).ok_or_else(late)
    }

    /// Gives turns to whoever is next, while there are any.
    fn go_on(self: &Arc<Self>) {
        loop {
            // Not within the condition of a loop: the lock would be held until the end of its body.
            let next = self.state().next(self.slots, self.each);
            let Some((client, give)) = next else { return };
            // What is not waited for any more is given back at once.
            drop(give.send(Turn { turns: self.clone(), client }));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enqueue(&mut self, client: u64, give: oneshot::Sender<Turn>) {
        let waiting = &mut self.clients.entry(client).or_default().waiting;
        if waiting.is_empty() {
            self.order.push_back(client);
        }
        waiting.push_back(give);
    }

    fn next(&mut self, slots: usize, each: usize) -> Option<(u64, oneshot::Sender<Turn>)> {
        if self.running >= slots {
            return None;
        }
        let may = |client: &u64| self.clients.get(client).is_some_and(|client| client.running < each);
        let at = self.order.iter().position(may)?;
        let id = self.order.remove(at)?;
        let client = self.clients.get_mut(&id)?;
        let give = client.waiting.pop_front()?;
        client.running += 1;
        if !client.waiting.is_empty() {
            self.order.push_back(id);
        }
        self.running += 1;
        self.waiting -= 1;
        Some((id, give))
    }

    fn end(&mut self, id: u64) {
        self.running -= 1;
        if let Some(client) = self.clients.get_mut(&id) {
            client.running -= 1;
            if client.running == 0 && client.waiting.is_empty() {
                self.clients.remove(&id);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.state().end(self.client);
        self.turns.go_on();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_client_has_half_of_the_turns_and_others_go_in_between() {
        let turns = Turns::new(4);
        let held = [turns.take(1).await.unwrap(), turns.take(1).await.unwrap()];
        let mut third = Box::pin(turns.take(1));
        assert!(third.as_mut().now_or_never().is_none(), "half is enough for one");
        let others = [turns.take(2).await.unwrap(), turns.take(3).await.unwrap()];
        let mut fourth = Box::pin(turns.take(1));
        let mut other = Box::pin(turns.take(4));
        assert!(fourth.as_mut().now_or_never().is_none() && other.as_mut().now_or_never().is_none());

        drop(held);
        let third = third.as_mut().now_or_never().expect("the one that waited longest").unwrap();
        let other = other.as_mut().now_or_never().expect("the other client before the fourth").unwrap();
        assert!(fourth.as_mut().now_or_never().is_none());
        drop((third, others));
        drop(fourth.as_mut().now_or_never().expect("a turn").unwrap());
        drop(other);
        let state = turns.state();
        assert!(
            state.running == 0 && state.waiting == 0 && state.clients.is_empty() && state.order.is_empty()
        );
    }

    #[tokio::test]
    async fn who_has_gone_takes_no_turn() {
        let turns = Turns::new(1);
        let held = turns.take(1).await.unwrap();
        let mut gone = Box::pin(turns.take(2));
        assert!(gone.as_mut().now_or_never().is_none());
        let mut next = Box::pin(turns.take(3));
        assert!(next.as_mut().now_or_never().is_none());
        drop(gone);
        drop(held);
        assert!(next.as_mut().now_or_never().is_some());
    }
}
