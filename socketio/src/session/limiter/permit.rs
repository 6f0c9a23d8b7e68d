//! One session's place: whose it is, and how far it has come.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::{
    LimitReached, MemoryQuota, SessionLimiter,
    source::{Key, RateExceeded, Source},
};
use crate::session::bucket;

/// Free again when dropped.
#[derive(Debug)]
pub(crate) struct SessionPermit {
    pub(super) limiter: Arc<SessionLimiter>,
    pub(super) id: u64,
    pub(super) address: Option<Arc<Source>>,
    pub(super) owner: Option<Arc<Source>>,
    pub(super) quota: Arc<MemoryQuota>,
    pub(super) state: PermitState,
}

#[derive(Debug)]
pub(super) enum PermitState {
    Unjoined(oneshot::Receiver<()>),
    Joined,
}

impl SessionPermit {
    /// Ready once the session is to go, because it has not joined anything and others want to.
    pub(crate) fn poll_evicted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.state {
            PermitState::Unjoined(evicted) => evicted.poll_unpin(cx).map(drop),
            PermitState::Joined => Poll::Pending,
        }
    }

    /// The session is about to be in a namespace. One without an owner has no place where only the reserve is left.
    pub(crate) fn join(&mut self) -> Result<(), LimitReached> {
        if matches!(self.state, PermitState::Joined) {
            return Ok(());
        }
        let limits = &self.limiter.limits;
        let mut state = self.limiter.state();
        let unowned = self.owner.is_none();
        let full = unowned && state.unowned >= limits.sessions.saturating_sub(limits.reserved);
        if full || state.unjoined.remove(&self.id).is_none() {
            return Err(LimitReached::Full);
        }
        state.unowned += usize::from(unowned);
        self.state = PermitState::Joined;
        Ok(())
    }

    /// Says whose the session is; nobody's, for `None`.
    pub(crate) fn set_owner(&mut self, owner: Option<&str>) -> Result<(), LimitReached> {
        let limits = &self.limiter.limits;
        let mut state = self.limiter.state();
        let owner = owner.map(|owner| state.sources.of(Key::Owner(owner.into()), limits, bucket::now()));
        if owner.as_ref().map(Arc::as_ptr) == self.owner.as_ref().map(Arc::as_ptr) {
            return Ok(());
        }
        if let Some(owner) = &owner {
            owner.acquire(limits.each).map_err(|_| LimitReached::TooManySessions)?;
        }
        let (before, after) = (self.owner.is_none(), owner.is_none());
        if matches!(self.state, PermitState::Joined) {
            state.unowned = state.unowned + usize::from(after) - usize::from(before);
        }
        self.quota.set_owned(!after);
        std::mem::replace(&mut self.owner, owner).inspect(|before| before.release());
        Ok(())
    }

    /// What the session may hold of what it has sent.
    pub(crate) fn quota(&self) -> &Arc<MemoryQuota> {
        &self.quota
    }

    /// Counts an event of so many bytes, or bytes alone, with the address and with the owner.
    pub(crate) fn charge(&self, events: u64, bytes: u64) -> Result<(), RateExceeded> {
        let limits = &self.limiter.limits;
        let cost = limits.traffic(events, bytes);
        self.sources().try_for_each(|source| source.charge(cost))
    }

    /// Counts what is done only so often, with the address and with the owner.
    pub(crate) fn check_rate(&self, name: &str) -> Result<(), RateExceeded> {
        let rates = &self.limiter.limits.rates;
        let Some(at) = rates.iter().position(|(known, _)| *known == name) else { return Ok(()) };
        self.sources().try_for_each(|source| source.check_rate(at, rates[at]))
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.address.iter().chain(&self.owner).map(|source| &**source)
    }
}

impl Drop for SessionPermit {
    fn drop(&mut self) {
        self.sources().for_each(Source::release);
        let mut state = self.limiter.state();
        match self.state {
            PermitState::Joined => {
                state.taken -= 1;
                state.unowned -= usize::from(self.owner.is_none());
            }
            // One that was sent away has given up its place by then.
            PermitState::Unjoined(_) => state.taken -= usize::from(state.unjoined.remove(&self.id).is_some()),
        }
        state.open -= 1;
        if state.open == 0 {
            drop(state);
            self.limiter.changed.notify_waiters();
        }
    }
}
