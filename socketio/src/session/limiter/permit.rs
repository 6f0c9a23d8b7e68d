//! One session's place: whose it is, and how far it has come.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::{
    Census, Refusal, Share,
    source::{Busy, Key, Source},
};
use crate::session::bucket;

/// Free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    pub(super) census: Arc<Census>,
    pub(super) id: u64,
    pub(super) address: Option<Arc<Source>>,
    pub(super) owner: Option<Arc<Source>>,
    pub(super) share: Arc<Share>,
    pub(super) standing: Standing,
}

#[derive(Debug)]
pub(super) enum Standing {
    Unjoined(oneshot::Receiver<()>),
    Joined,
}

impl Place {
    /// Ready once the session is to go, because it has not joined anything and others want to.
    pub(crate) fn poll_sent_away(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.standing {
            Standing::Unjoined(told) => told.poll_unpin(cx).map(drop),
            Standing::Joined => Poll::Pending,
        }
    }

    /// The session is about to be in a namespace. One without an owner has no place where only the reserve is left.
    pub(crate) fn join(&mut self) -> Result<(), Refusal> {
        if matches!(self.standing, Standing::Joined) {
            return Ok(());
        }
        let limits = &self.census.limits;
        let mut state = self.census.state();
        let stranger = self.owner.is_none();
        let full = stranger && state.strangers >= limits.sessions.saturating_sub(limits.reserved);
        if full || state.unjoined.remove(&self.id).is_none() {
            return Err(Refusal::Full);
        }
        state.strangers += usize::from(stranger);
        self.standing = Standing::Joined;
        Ok(())
    }

    /// Says whose the session is; nobody's, for `None`.
    pub(crate) fn set_owner(&mut self, owner: Option<&str>) -> Result<(), Refusal> {
        let limits = &self.census.limits;
        let mut state = self.census.state();
        let owner = owner.map(|owner| state.sources.of(Key::Owner(owner.into()), limits, bucket::now()));
        if owner.as_ref().map(Arc::as_ptr) == self.owner.as_ref().map(Arc::as_ptr) {
            return Ok(());
        }
        if let Some(owner) = &owner {
            owner.enter(limits.each).map_err(|_| Refusal::Crowded)?;
        }
        let (before, after) = (self.owner.is_none(), owner.is_none());
        if matches!(self.standing, Standing::Joined) {
            state.strangers = state.strangers + usize::from(after) - usize::from(before);
        }
        self.share.set_owned(!after);
        std::mem::replace(&mut self.owner, owner).inspect(|before| before.leave());
        Ok(())
    }

    /// What the session may hold of what it has sent.
    pub(crate) fn share(&self) -> &Arc<Share> {
        &self.share
    }

    /// Counts an event of so many bytes, or bytes alone, with the address and with the owner.
    pub(crate) fn charge(&self, events: u64, bytes: u64) -> Result<(), Busy> {
        let limits = &self.census.limits;
        let cost = limits.traffic(events, bytes);
        self.sources().try_for_each(|source| source.charge(cost))
    }

    /// Counts what is done only so often, with the address and with the owner.
    pub(crate) fn spend(&self, name: &str) -> Result<(), Busy> {
        let rates = &self.census.limits.rates;
        let Some(at) = rates.iter().position(|(known, _)| *known == name) else { return Ok(()) };
        self.sources().try_for_each(|source| source.spend(at, rates[at]))
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.address.iter().chain(&self.owner).map(|source| &**source)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.sources().for_each(Source::leave);
        let mut state = self.census.state();
        match self.standing {
            Standing::Joined => {
                state.taken -= 1;
                state.strangers -= usize::from(self.owner.is_none());
            }
            // One that was sent away has given up its place by then.
            Standing::Unjoined(_) => state.taken -= usize::from(state.unjoined.remove(&self.id).is_some()),
        }
        state.open -= 1;
        if state.open == 0 {
            drop(state);
            self.census.changed.notify_waiters();
        }
    }
}
