//! A session's permit.

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
use crate::clock;

/// The permission for one session; released on drop.
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
    /// Ready when the session is evicted, because it has not joined and a new session needs the permit.
    pub(crate) fn poll_evicted(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.state {
            PermitState::Unjoined(evicted) => evicted.poll_unpin(cx).map(drop),
            PermitState::Joined => Poll::Pending,
        }
    }

    /// Marks the session as joined. One without an owner cannot use the reserve.
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

    /// Assigns the session to an owner, or to none.
    pub(crate) fn set_owner(&mut self, owner: Option<&str>) -> Result<(), LimitReached> {
        let limits = &self.limiter.limits;
        let mut state = self.limiter.state();
        let owner =
            owner.map(|owner| state.sources.of(Key::Owner(owner.into()), limits, clock::monotonic_nanos()));
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

    /// Memory quota of the session.
    pub(crate) fn quota(&self) -> &Arc<MemoryQuota> {
        &self.quota
    }

    /// Charges events and bytes to the address and to the owner.
    pub(crate) fn charge(&self, events: u64, bytes: u64) -> Result<(), RateExceeded> {
        let limits = &self.limiter.limits;
        let cost = limits.traffic(events, bytes);
        self.sources().try_for_each(|source| source.charge(cost))
    }

    /// Counts an operation against its rate, for the address and for the owner.
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
            // An evicted session has already given up its permit.
            PermitState::Unjoined(_) => state.taken -= usize::from(state.unjoined.remove(&self.id).is_some()),
        }
        state.open -= 1;
        if state.open == 0 {
            drop(state);
            self.limiter.changed.notify_waiters();
        }
    }
}
