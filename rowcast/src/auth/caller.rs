//! The caller of a login or an account change.

use std::net::IpAddr;

use crate::{key::Key, network};

/// The maximum number of a username's characters in a log line.
const MAX_USERNAME: usize = 40;

/// The caller of a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The network by which the client is counted: an address, of IPv6 a `/64`.
    pub address: String,
    /// The key of the signed-in user.
    pub user: Option<Key>,
}

impl Caller {
    /// The signed-in user on a connection from this network.
    #[must_use]
    pub fn new(network: Option<IpAddr>, user: Option<Key>) -> Self {
        Self { address: network::of(network), user }
    }
}

/// Shortens a username for the log.
#[must_use]
pub fn truncate_username(username: &str) -> String {
    match username.char_indices().nth(MAX_USERNAME) {
        Some((end, _)) => format!("{}…", &username[..end]),
        None => username.to_owned(),
    }
}
