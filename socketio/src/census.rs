//! How many sessions there are, and whether there may be more.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use crate::config::Config;

#[derive(Debug, Default)]
pub(crate) struct Census {
    open: AtomicUsize,
    closed: AtomicBool,
    changed: Notify,
    /// Counted only if there is a limit.
    addresses: Mutex<HashMap<IpAddr, usize>>,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Full,
    Crowded,
}

impl Census {
    /// A place for one more session.
    pub(crate) fn enter(
        self: &Arc<Self>,
        config: &Config,
        address: Option<IpAddr>,
    ) -> Result<Place, Refusal> {
        let max = config.max_sessions;
        let more = |open: usize| (open < max).then_some(open + 1);
        self.open.try_update(Ordering::SeqCst, Ordering::SeqCst, more).map_err(|_| Refusal::Full)?;
        let mut place = Place { census: self.clone(), address: None };
        if let (Some(max), Some(address)) = (config.max_sessions_per_address, address) {
            let mut addresses = self.addresses();
            let here = addresses.entry(address).or_default();
            if *here >= max {
                return Err(Refusal::Crowded);
            }
            *here += 1;
            place.address = Some(address);
        }
        Ok(place)
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(crate) async fn emptied(&self) {
        loop {
            let changed = self.changed.notified();
            if self.open() == 0 {
                return;
            }
            changed.await;
        }
    }

    fn addresses(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One session's place, free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    census: Arc<Census>,
    address: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            let mut addresses = self.census.addresses();
            if let Some(here) = addresses.get_mut(&address) {
                *here -= 1;
                if *here == 0 {
                    addresses.remove(&address);
                }
            }
        }
        if self.census.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.census.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_and_all_together_have_a_limit_and_places_come_free() {
        let config = Config { max_sessions: 3, max_sessions_per_address: Some(2), ..Config::default() };
        let census = Arc::new(Census::default());
        let enter = |last| census.enter(&config, Some(IpAddr::from([127, 0, 0, last])));
        let (one, _two) = (enter(1).unwrap(), enter(1).unwrap());
        assert_eq!(enter(1).unwrap_err(), Refusal::Crowded);
        let _three = enter(2).unwrap();
        assert_eq!(enter(3).unwrap_err(), Refusal::Full);
        drop(one);
        assert!(enter(1).is_ok());
        assert_eq!(census.open(), 2);
    }
}
