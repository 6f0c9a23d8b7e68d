//! Log of refused origins: each once a minute, with the setting that would allow it.
//!
//! Neither clients nor browsers show the reason of a failed connection, so an operator needs the log. The memory for it
//! is bounded, because clients choose their origins.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, http::header};
use tracing::{info, warn};

use crate::{origin::Origins, proxies::Proxies};

/// Time until the same origin is logged again.
const LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Maximum number of origins logged in that time.
const MAX_LOGGED: usize = 100;
/// Maximum length of a logged origin or `Host`.
const MAX_SHOWN: usize = 200;

/// Warns once about an untrusted proxy.
#[derive(Debug, Default)]
pub(super) struct ProxyWarning(AtomicBool);

impl ProxyWarning {
    pub(super) fn check(&self, proxies: &Proxies, request: &HttpRequest) {
        let Some(peer) =
            request.peer_addr().filter(|peer| proxies.is_untrusted_proxy(peer.ip(), request.headers()))
        else {
            return;
        };
        if !self.0.swap(true, Ordering::Relaxed) {
            warn!(
                proxy = %peer.ip(),
                "clients behind a proxy are counted as one address, because the proxy is not named by {}",
                proxies.setting
            );
        }
    }
}

/// Recently logged origins.
#[derive(Debug, Default)]
pub(super) struct RefusalLog(Mutex<HashMap<Box<str>, Instant>>);

impl RefusalLog {
    /// Logs a refused request.
    pub(super) fn log(&self, origins: &Origins, request: &HttpRequest) {
        let (origin, host) = (shown(request, header::ORIGIN), shown(request, header::HOST));
        if !self.is_due(&origin, Instant::now()) {
            return;
        }
        let peer = request.peer_addr();
        match origins.with(&origin) {
            Some(setting) => {
                info!(%origin, %host, ?peer, "an origin was refused; {setting} would allow it");
            }
            None if !request.headers().contains_key(header::ORIGIN) => {
                info!(%host, ?peer, "a request without Origin was refused, because a page of another site sent it");
            }
            None => {
                info!(%origin, %host, ?peer, "a request was refused, because its Origin header is not an origin")
            }
        }
    }

    fn is_due(&self, origin: &str, now: Instant) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.retain(|_, at| now.duration_since(*at) < LOG_INTERVAL);
        if logged.contains_key(origin) || logged.len() >= MAX_LOGGED {
            return false;
        }
        logged.insert(origin.into(), now);
        true
    }
}

/// A header, truncated for the log.
fn shown(request: &HttpRequest, name: header::HeaderName) -> String {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.chars().take(MAX_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_origin_is_logged_once_a_minute() {
        let (refusals, now) = (RefusalLog::default(), Instant::now());
        assert!(refusals.is_due("https://a.example", now));
        assert!(!refusals.is_due("https://a.example", now + Duration::from_secs(59)));
        assert!(refusals.is_due("https://b.example", now + Duration::from_secs(59)));
        assert!(refusals.is_due("https://a.example", now + LOG_INTERVAL));
        assert!(!refusals.is_due("https://b.example", now + LOG_INTERVAL));
    }

    #[test]
    fn many_origins_are_bounded_in_log_and_memory() {
        let (refusals, now) = (RefusalLog::default(), Instant::now());
        let logged = (0..10_000).filter(|n| refusals.is_due(&format!("https://{n}.example"), now)).count();
        assert_eq!(logged, MAX_LOGGED);
        assert!(
            refusals.is_due("https://later.example", now + LOG_INTERVAL),
            "those of the minute before are forgotten"
        );
        assert_eq!(refusals.0.lock().unwrap().len(), 1);
    }
}
