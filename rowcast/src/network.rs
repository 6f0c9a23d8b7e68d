//! Where a client is, as far as that tells it from others, as text.

use std::net::IpAddr;

/// The network of a [handshake](socketio::Handshake::network): an address of IPv4, or a `/64` of IPv6, of which a client has all.
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
    fn an_address_is_one_of_ipv4_or_a_network_of_ipv6() {
        let of = |text: &str| of(Some(text.parse().unwrap()));
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2::"), "2001:db8:1:2::/64");
    }
}
