//! The HTTP request that opened a session.

use std::{
    net::{IpAddr, SocketAddr},
    time::SystemTime,
};

use actix_web::HttpRequest;

use crate::proxies::Proxies;

/// The copy of the opening request: actix's headers are slices of a read buffer, which they would keep alive.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) query: Box<str>,
    pub(crate) peer: Option<SocketAddr>,
    /// Address of the client, with regard to trusted proxies.
    pub(crate) address: Option<IpAddr>,
    pub(crate) secure: bool,
    pub(crate) path: Box<str>,
    /// Time of the request.
    pub(crate) at: SystemTime,
    headers: Box<str>,
}

impl Request {
    pub(crate) fn new(request: &HttpRequest, proxies: &Proxies) -> Self {
        let mut headers = String::new();
        for (name, value) in request.headers() {
            if let Ok(value) = value.to_str() {
                headers.extend([name.as_str(), ":", value, "\n"]);
            }
        }
        Self {
            query: request.query_string().into(),
            peer: request.peer_addr(),
            address: request.peer_addr().map(|peer| proxies.client(peer.ip(), request.headers())),
            secure: request.app_config().secure(),
            path: request.path().into(),
            at: SystemTime::now(),
            headers: headers.into(),
        }
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.lines().filter_map(|line| line.split_once(':'))
    }
}
