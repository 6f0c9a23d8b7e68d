//! Access to `/metrics`: local requests, requests with the token, or all.
//!
//! Metrics contain row counts, client counts and errors. A connection from this machine is no proof of a local
//! request, because a proxy on the machine forwards all requests. So a request counts as local only if it has no
//! forwarding header and its host is this machine.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use sha2::{Digest, Sha256};

use super::HttpState;
use crate::config::{Metrics, Secret};

/// Headers that proxies add.
const FORWARDING_HEADERS: [&str; 8] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
];

const FORBIDDEN: &str = "metrics are shown to programs on this machine that ask for them directly; \
    for others set --metrics-token (ROWCAST_METRICS_TOKEN) and send it as Authorization: Bearer, or set --metrics open\n";

/// The access rules of `/metrics`.
pub struct MetricsAccess {
    mode: Metrics,
    /// The token's digest; comparing digests reveals nothing about the token.
    token: Option<[u8; 32]>,
}

impl MetricsAccess {
    /// Creates the rules. A token is required from all clients, unless the mode is open.
    #[must_use]
    pub fn new(mode: Metrics, token: Option<&Secret>) -> Self {
        Self { mode, token: token.map(|token| digest(token.reveal())) }
    }

    fn allows(&self, request: &HttpRequest) -> bool {
        match (self.mode, self.token) {
            (Metrics::Open, _) => true,
            (Metrics::Local, Some(token)) => bearer(request).is_some_and(|given| digest(given) == token),
            (Metrics::Local, None) => is_local(request),
        }
    }
}

/// Metrics in the Prometheus text format.
pub(super) async fn metrics(state: web::Data<HttpState>, request: HttpRequest) -> HttpResponse {
    if !state.metrics_access.allows(&request) {
        let response = HttpResponse::Forbidden();
        return super::text(response, FORBIDDEN);
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(state.metrics.render())
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether a request was made on this machine and not forwarded.
fn is_local(request: &HttpRequest) -> bool {
    let local = |ip: IpAddr| ip.to_canonical().is_loopback();
    let is_forwarded = FORWARDING_HEADERS.iter().any(|name| request.headers().contains_key(*name));
    request.peer_addr().is_some_and(|peer| local(peer.ip())) && !is_forwarded && is_addressed_here(request)
}

/// Whether the request's host is this machine. A DNS name that points here (DNS rebinding) is not, nor is the public
/// name that a proxy forwards.
fn is_addressed_here(request: &HttpRequest) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_none_or(|host| {
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
        name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    })
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const HERE: &str = "127.0.0.1:40000";

    fn asked(peer: &str, host: &str, more: &[(&'static str, &str)]) -> HttpRequest {
        let request = TestRequest::get().peer_addr(peer.parse().unwrap()).insert_header(("host", host));
        more.iter().fold(request, |request, header| request.insert_header(*header)).to_http_request()
    }

    #[test]
    fn forwarded_or_remote_request_is_not_local() {
        for (peer, host) in [
            (HERE, "localhost:5555"),
            (HERE, "LOCALHOST"),
            (HERE, "127.0.0.1:5555"),
            ("[::1]:40000", "[::1]:5555"),
            ("[::1]:40000", "[::1]"),
            ("[::ffff:127.0.0.1]:40000", "127.0.0.1:5555"),
        ] {
            assert!(is_local(&asked(peer, host, &[])), "{peer} {host}");
        }
        for (peer, host) in [
            ("10.0.0.7:40000", "localhost:5555"),
            ("[fe80::1]:40000", "localhost:5555"),
            (HERE, "gym.example.com"),
            (HERE, "localhost.example.com:5555"),
            (HERE, "127.0.0.1.nip.io"),
            (HERE, "10.0.0.7:5555"),
            (HERE, ""),
        ] {
            assert!(!is_local(&asked(peer, host, &[])), "{peer} {host}");
        }
        for name in FORWARDING_HEADERS {
            // The value does not count: a client can choose it.
            assert!(!is_local(&asked(HERE, "localhost", &[(name, "127.0.0.1")])), "{name}");
        }
    }

    #[test]
    fn token_is_required_from_local_requests_too() {
        let secret: Secret = "0123456789abcdef".parse().unwrap();
        let access = MetricsAccess::new(Metrics::Local, Some(&secret));
        let with = |value| asked("10.0.0.7:40000", "gym.example.com", &[("authorization", value)]);
        for good in ["Bearer 0123456789abcdef", "bearer 0123456789abcdef"] {
            assert!(access.allows(&with(good)), "{good}");
        }
        for bad in
            ["Bearer 0123456789abcdeg", "Bearer", "Bearer ", "Basic 0123456789abcdef", "0123456789abcdef"]
        {
            assert!(!access.allows(&with(bad)), "{bad}");
        }
        assert!(!access.allows(&asked(HERE, "localhost", &[])), "from this machine, too");
        assert!(MetricsAccess::new(Metrics::Open, None).allows(&asked("10.0.0.7:4", "x", &[])));
    }
}
