//! Who asks to sign in, or for a change of an account, as far as it is known.

use std::net::IpAddr;

use crate::network;

/// The most characters of a username that are logged.
const MAX_USERNAME: usize = 40;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The network that the client is counted by: an address, of IPv6 a `/64`.
    pub address: String,
    /// Who is signed in there.
    pub user: Option<i64>,
}

impl Caller {
    /// Whoever is signed in on a connection from this network.
    #[must_use]
    pub fn new(network: Option<IpAddr>, user: Option<i64>) -> Self {
        Self { address: network::of(network), user }
    }
}

/// A username for the log.
#[must_use]
pub fn truncate_username(username: &str) -> String {
    match username.char_indices().nth(MAX_USERNAME) {
        Some((end, _)) => format!("{}…", &username[..end]),
        None => username.to_owned(),
    }
}
