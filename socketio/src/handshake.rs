//! How a client came to a namespace, and why it may not come in.

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
    engine::Request,
    metrics::Metrics,
    proxies::network_of,
    rejection::{Rejection, sentence},
    session::handle::SessionHandle,
};

/// How a client came: the HTTP request that opened its session, the namespace it asked for, and its `auth`. Its `Debug`
/// leaves `auth` and what else the client sent out: that is where secrets are.
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
    /// The `auth` object, decoded. Without one it is decoded as `{}`.
    ///
    /// # Errors
    /// What does not fit `T`, in a sentence that may be shown to the client.
    pub fn auth<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        let auth = self.raw_auth().map_or("{}", RawValue::get);
        serde_json::from_str(auth).map_err(|error| Rejection(sentence(&error)))
    }

    /// The `auth` as it was sent, if there is any: an object, unless the client's program made a mistake.
    pub fn raw_auth(&self) -> Option<&RawValue> {
        self.auth.as_deref()
    }

    /// The namespace's whole name.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// A part of the namespace's name: `id` for the pattern `/org-{id}`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first header of that name (any case) whose value is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers whose values are text, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.request.headers()
    }

    /// The query string, still percent-encoded: `EIO=4&transport=websocket…`.
    pub fn query(&self) -> &str {
        &self.request.query
    }

    /// The path of the request.
    pub fn path(&self) -> &str {
        &self.request.path
    }

    /// Whether the session was opened over TLS.
    pub fn is_secure(&self) -> bool {
        self.request.secure
    }

    /// When the session was opened.
    pub fn issued_at(&self) -> SystemTime {
        self.request.at
    }

    /// Who is at the other end of the connection; a proxy, if there is one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.request.peer
    }

    /// The client's address: the peer's, or where that is one of the
    /// [trusted proxies](crate::Config::trusted_proxies) the address that it passes on.
    pub fn address(&self) -> Option<IpAddr> {
        self.request.address
    }

    /// What the address is counted by: itself, or the first one of its `/64` for IPv6, of which a client has all.
    pub fn network(&self) -> Option<IpAddr> {
        self.address().map(network_of)
    }

    /// Says whose the session is, from the connect hook or later: the limits of an address then count for the owner, too, from
    /// wherever; and it may have one of the [reserved places](crate::Config::reserved_sessions). `None`: it is nobody's any more.
    ///
    /// # Errors
    /// The owner has as many sessions as one may have; nothing has changed then.
    pub fn set_owner(&self, owner: Option<&str>) -> Result<(), TooManySessions> {
        self.session.set_owner(owner).map_err(|_| {
            Metrics::limited("max_sessions_per_address");
            TooManySessions
        })
    }

    /// Counts one of what is done only so often for the client's address, and for the session's owner: see
    /// [`Config::rates`](crate::Config::rates). What has no rate may be done at any time.
    ///
    /// # Errors
    /// After how long it may be done.
    pub fn check_rate(&self, name: &str) -> Result<(), Duration> {
        self.session.check_rate(name).map_err(|busy| {
            Metrics::limited(busy.limit);
            busy.after
        })
    }
}

/// An owner has as many sessions as one may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySessions;

impl fmt::Display for TooManySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many sessions of one owner")
    }
}

impl std::error::Error for TooManySessions {}

/// Why a client may not connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectError {
    /// A sentence for the client's `connect_error`.
    pub message: String,
    /// JSON for its `data`, not checked to be.
    pub data: Option<String>,
}

impl ConnectError {
    /// A refusal in one sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), data: None }
    }

    /// The same with `data` for the client's program. A value without a JSON form is left out.
    #[must_use]
    pub fn data<T: Serialize + ?Sized>(mut self, data: &T) -> Self {
        self.data = serde_json::to_string(data).ok();
        self
    }

    /// A `connect_error` packet.
    pub(crate) fn packet(&self, namespace: &str) -> String {
        let message = serde_json::Value::from(self.message.as_str());
        let (namespace, comma) = if namespace == "/" { ("", "") } else { (namespace, ",") };
        match &self.data {
            Some(data) => format!(r#"44{namespace}{comma}{{"message":{message},"data":{data}}}"#),
            None => format!(r#"44{namespace}{comma}{{"message":{message}}}"#),
        }
    }
}
