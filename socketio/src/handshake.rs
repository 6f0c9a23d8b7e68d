//! The handshake of a connection to a namespace, and the error that refuses it.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    metrics::Metrics,
    proxies::network_of,
    rejection::{Rejection, sentence},
    session::{handle::SessionHandle, request::Request},
};

/// The HTTP request that opened the session, the requested namespace, and its `auth`. `Debug` omits `auth`, headers and
/// query, which may hold secrets.
#[derive(Clone)]
pub struct Handshake {
    pub(crate) auth: Option<Rc<RawValue>>,
    pub(crate) namespace: Arc<str>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) request: Rc<Request>,
    pub(crate) session: Rc<SessionHandle>,
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("namespace", &self.namespace)
            .field("path", &self.request.path)
            .field("peer", &self.request.peer)
            .finish_non_exhaustive()
    }
}

impl Handshake {
    /// Decodes the `auth` object; `{}` if there is none.
    ///
    /// # Errors
    /// `auth` does not match `T`; the sentence may be shown to the client.
    pub fn auth<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        let auth = self.raw_auth().map_or("{}", RawValue::get);
        serde_json::from_str(auth).map_err(|error| Rejection(sentence(&error)))
    }

    /// `auth` as the client sent it. Stock clients send an object.
    pub fn raw_auth(&self) -> Option<&RawValue> {
        self.auth.as_deref()
    }

    /// Full name of the namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// A part of the namespace's name: `id` for the pattern `/org-{id}`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first header of that name, in any case, with a text value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers with text values; names are in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.request.headers()
    }

    /// The query string, still percent-encoded: `EIO=4&transport=websocket…`.
    pub fn query(&self) -> &str {
        &self.request.query
    }

    /// Path of the request.
    pub fn path(&self) -> &str {
        &self.request.path
    }

    /// Whether the session was opened over TLS.
    pub fn is_secure(&self) -> bool {
        self.request.secure
    }

    /// Time at which the session was opened.
    pub fn issued_at(&self) -> SystemTime {
        self.request.at
    }

    /// Address of the connection's peer, which may be a proxy.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.request.peer
    }

    /// Address of the client: the peer's, or the one that [trusted proxies](crate::Config::trusted_proxies) forward.
    pub fn address(&self) -> Option<IpAddr> {
        self.request.address
    }

    /// Key of the limits per address: the address, or the first one of its IPv6 `/64`, all of which a client may use.
    pub fn network(&self) -> Option<IpAddr> {
        self.address().map(network_of)
    }

    /// Assigns the session to an owner, from the connect hook or later. The limits per address then apply to the owner
    /// too, across all addresses, and the session may use one of the [reserved
    /// sessions](crate::Config::reserved_sessions). `None` removes the owner.
    ///
    /// # Errors
    /// The owner has the maximum number of sessions; nothing has changed.
    pub fn set_owner(&self, owner: Option<&str>) -> Result<(), TooManySessions> {
        self.session.set_owner(owner).map_err(|_| {
            Metrics::count_limit("max_sessions_per_address");
            TooManySessions
        })
    }

    /// Counts one operation against its [rate](crate::Config::rates), for the client's address and for the session's
    /// owner. An operation without a rate is always allowed.
    ///
    /// # Errors
    /// The rate is exceeded: the time after which to try again.
    pub fn check_rate(&self, name: &str) -> Result<(), Duration> {
        self.session.check_rate(name).map_err(|busy| {
            Metrics::count_limit(busy.limit);
            busy.after
        })
    }
}

/// The owner has the maximum number of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySessions;

impl fmt::Display for TooManySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many sessions of one owner")
    }
}

impl std::error::Error for TooManySessions {}

/// The refusal of a connection: the client's `connect_error`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    /// Message of the `connect_error`.
    pub message: String,
    /// JSON of its `data`, not validated.
    pub data: Option<String>,
}

impl ConnectError {
    /// An error without `data`.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None }
    }

    /// Adds `data`. A value without a JSON form is omitted.
    #[must_use]
    pub fn data<T: Serialize + ?Sized>(mut self, data: &T) -> Self {
        self.data = serde_json::to_string(data).ok();
        self
    }

    /// The CONNECT_ERROR packet.
    pub(crate) fn packet(&self, namespace: &str) -> String {
        let message = serde_json::Value::from(self.message.as_str());
        let (namespace, comma) = if namespace == "/" { ("", "") } else { (namespace, ",") };
        match &self.data {
            Some(data) => format!(r#"44{namespace}{comma}{{"message":{message},"data":{data}}}"#),
            None => format!(r#"44{namespace}{comma}{{"message":{message}}}"#),
        }
    }
}
