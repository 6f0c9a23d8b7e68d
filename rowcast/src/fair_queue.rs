//! A fair queue for a limited resource, such as database readers or password verification.
//!
//! ```text
//! one address   ─▶ a socket: 1 2 3 ┐ round
//!                  another:  1     ┘ robin     ┐
//! a user        ─▶ a socket: 1 2               ├─▶ round robin, a few at a time
//! another       ─▶ a socket: 1                 ┘
//! ```
//!
//! One client has at most half of the slots and a fixed share of the queue.

mod state;

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use state::State;

/// A keyed hash, stable for the lifetime of this process.
pub(crate) fn hash_key(of: impl Hash) -> u64 {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    KEYS.hash_one(of)
}

/// How long a request waits for a permit.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Grants permits round robin, first between clients and then between the parts of each.
pub(crate) struct FairQueue {
    slots: usize,
    per_client: usize,
    capacity: QueueCapacity,
    state: Mutex<State>,
}

/// How many requests may wait, in all and per client.
#[derive(Clone, Copy)]
pub(crate) struct QueueCapacity {
    pub(crate) total: usize,
    pub(crate) per_client: usize,
}

/// The reason why no permit was granted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum QueueError {
    /// Too many requests are waiting.
    Full,
    /// The wait took too long.
    Timeout,
}

/// A granted slot; dropping it grants the next one.
pub(crate) struct FairPermit {
    queue: Arc<FairQueue>,
    client: u64,
}

impl FairQueue {
    /// Creates a queue with this many slots.
    pub(crate) fn new(slots: usize, capacity: QueueCapacity) -> Arc<Self> {
        Arc::new(Self { slots, per_client: slots.div_ceil(2), capacity, state: Mutex::default() })
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// [`QueueError`] if the queue is full or the wait takes too long.
    pub(crate) async fn acquire(self: &Arc<Self>, client: u64, part: u64) -> Result<FairPermit, QueueError> {
        let (sender, receiver) = oneshot::channel();
        self.state().enqueue(self.capacity, client, part, sender)?;
        self.grant_next();
        let permit = tokio::time::timeout(TIMEOUT, receiver).await;
        permit.ok().and_then(Result::ok).ok_or(QueueError::Timeout)
    }

    /// Grants permits while slots are free.
    fn grant_next(self: &Arc<Self>) {
        loop {
            // Not in the condition of a loop: the lock would be held until the end of its body.
            let next = self.state().next(self.slots, self.per_client);
            let Some((client, sender)) = next else { return };
            // If the request was cancelled, the permit is dropped here and the slot is free again.
            drop(sender.send(FairPermit { queue: self.clone(), client }));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FairPermit {
    fn drop(&mut self) {
        self.queue.state().end(self.client);
        self.queue.grant_next();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const CAPACITY: QueueCapacity = QueueCapacity { total: 100, per_client: 10 };

    fn now<T>(waits: &mut std::pin::Pin<Box<impl Future<Output = T>>>) -> Option<T> {
        waits.as_mut().now_or_never()
    }

    #[tokio::test]
    async fn busy_client_gets_at_most_half_of_the_slots() {
        let queue = FairQueue::new(4, CAPACITY);
        let held = [queue.acquire(1, 0).await.unwrap(), queue.acquire(1, 0).await.unwrap()];
        let mut third = Box::pin(queue.acquire(1, 0));
        assert!(now(&mut third).is_none(), "half is enough for one");
        let others = [queue.acquire(2, 0).await.unwrap(), queue.acquire(3, 0).await.unwrap()];
        let mut fourth = Box::pin(queue.acquire(1, 0));
        let mut other = Box::pin(queue.acquire(4, 0));
        assert!(now(&mut fourth).is_none() && now(&mut other).is_none());

        drop(held);
        let third = now(&mut third).expect("the one that waited longest").unwrap();
        let other = now(&mut other).expect("the other client before the fourth").unwrap();
        assert!(now(&mut fourth).is_none());
        drop((third, others));
        drop(now(&mut fourth).expect("a turn").unwrap());
        drop(other);
        let state = queue.state();
        assert!(
            state.running == 0 && state.waiting == 0 && state.clients.is_empty() && state.order.is_empty()
        );
    }

    #[tokio::test]
    async fn cancelled_request_frees_its_place() {
        let queue = FairQueue::new(1, CAPACITY);
        let held = queue.acquire(1, 0).await.unwrap();
        let mut cancelled: Vec<_> = (0..10).map(|part| Box::pin(queue.acquire(2, part))).collect();
        assert!(cancelled.iter_mut().all(|one| now(one).is_none()));
        assert_eq!(queue.acquire(2, 0).await.err(), Some(QueueError::Full));
        drop(cancelled);
        let mut next = Box::pin(queue.acquire(2, 0));
        let mut other = Box::pin(queue.acquire(3, 0));
        assert!(now(&mut next).is_none() && now(&mut other).is_none());
        drop(held);
        drop(now(&mut next).expect("a turn"));
        assert!(now(&mut other).is_some());
        assert_eq!(queue.state().waiting, 0);
    }

    #[tokio::test]
    async fn parts_of_a_client_are_served_round_robin() {
        let queue = FairQueue::new(1, CAPACITY);
        let held = queue.acquire(1, 1).await.unwrap();
        let mut flood: Vec<_> = (0..5).map(|_| Box::pin(queue.acquire(1, 1))).collect();
        assert!(flood.iter_mut().all(|one| now(one).is_none()));
        let mut quiet = Box::pin(queue.acquire(1, 2));
        assert!(now(&mut quiet).is_none());
        drop(held);
        drop(now(&mut flood[0]).expect("the first").unwrap());
        assert!(now(&mut quiet).is_some(), "before the others of the flood");
    }

    #[tokio::test]
    async fn flooding_client_fills_only_its_share_of_the_queue() {
        let queue = FairQueue::new(1, CAPACITY);
        let _held = queue.acquire(1, 0).await.unwrap();
        let mut flood: Vec<_> = (0..50).map(|_| Box::pin(queue.acquire(2, 0))).collect();
        let refused = flood.iter_mut().filter_map(now).count();
        assert_eq!(refused, 40);
        let mut others: Vec<_> = (3..103).map(|client| Box::pin(queue.acquire(client, 0))).collect();
        let refused = others.iter_mut().filter_map(now).count();
        assert_eq!(refused, 10, "then all of it is taken");
    }
}
