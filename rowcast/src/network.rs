//! Networks of clients as text.

use std::net::IpAddr;

/// The network of a [handshake](socketio::Handshake::network): an IPv4 address, or an IPv6 `/64`, the usual size for
/// one client.
#[must_use]
pub fn of(network: Option<IpAddr>) -> String {
    match network {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(first)) => format!("{first}/64"),
        None => "no address".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_is_ipv4_address_or_ipv6_prefix() {
        let of = |text: &str| of(Some(text.parse().unwrap()));
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2::"), "2001:db8:1:2::/64");
    }
}
