//! The client's address behind trusted proxies.
//!
//! ```text
//! X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.0.0.3       connection from 10.0.0.2
//!                  made up  the client  ◀─ trusted ◀──── trusted
//! ```
//!
//! Each proxy appends the address of its peer, and the client may have invented what stands further left. The header is
//! therefore read from the right, and the first address that is not a trusted proxy is the client's.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR};
use ipnet::IpNet;

/// The trusted proxies. Default none.
///
/// A proxy has to set `X-Forwarded-For` or `Forwarded` (RFC 7239), and to remove the other one. If a request has both,
/// `X-Forwarded-For` is used.
#[derive(Debug, Clone)]
pub struct Proxies {
    networks: Vec<IpNet>,
    /// How operators configure the proxies, for the log line about an untrusted one. Default `Proxies::list`.
    pub setting: &'static str,
}

impl Default for Proxies {
    fn default() -> Self {
        Self { networks: Vec::new(), setting: "Proxies::list" }
    }
}

impl Proxies {
    /// Trusts these addresses and networks: `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
    ///
    /// # Errors
    /// The first entry that is neither, in a sentence.
    pub fn list<I: IntoIterator<Item: AsRef<str>>>(proxies: I) -> Result<Self, String> {
        let networks =
            proxies.into_iter().map(|one| network(one.as_ref().trim())).collect::<Result<_, _>>()?;
        Ok(Self { networks, ..Self::default() })
    }

    /// Whether the address is trusted.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address.to_canonical()))
    }

    /// The client's address: the peer's, unless the peer is a trusted proxy that names another.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        if !self.contains(address) {
            return address;
        }
        for named in named(headers).into_iter().rev() {
            // A proxy that names no readable address stands for its clients.
            let Some(next) = named else { break };
            address = next;
            if !self.contains(address) {
                break;
            }
        }
        address
    }

    /// Whether the peer forwards requests without being trusted.
    pub(crate) fn is_untrusted_proxy(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        (headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED)) && !self.contains(peer)
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    address.or_else(|_| text.parse()).map_err(|_| {
        format!("{text:?} is neither an address nor a network, such as 127.0.0.1, 10.0.0.0/8 or fd00::/8")
    })
}

/// The addresses in the headers, from the client's to that of the last proxy but one.
fn named(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let elements = |name: HeaderName| {
        let lines = headers.get_all(name).map(|line| line.to_str().unwrap_or_default());
        lines.flat_map(|line| line.split(','))
    };
    match headers.contains_key(X_FORWARDED_FOR) {
        true => elements(X_FORWARDED_FOR).map(node).collect(),
        false => elements(FORWARDED).map(|element| node(forwarded_for(element)?)).collect(),
    }
}

/// The `for` of one element: `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    named.next().map(|(_, node)| node.trim().trim_matches('"'))
}

/// An address, with or without a port.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// Key of the limits per address. An IPv6 `/64` counts as one, because a client can use any address of its own.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    /// The client behind `10.0.0.1`, where `10.0.0.0/8` and `fd00::/8` are trusted.
    fn client(headers: &[(HeaderName, &str)]) -> String {
        let proxies = Proxies::list(["10.0.0.0/8", "fd00::/8"]).unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        proxies.client("::ffff:10.0.0.1".parse().unwrap(), &map).to_string()
    }

    #[test]
    fn rightmost_untrusted_address_is_client() {
        for (header, address) in [
            ("203.0.113.7", "203.0.113.7"),
            ("6.6.6.6, 203.0.113.7", "203.0.113.7"),
            ("6.6.6.6,203.0.113.7 , 10.1.2.3", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:4711, fd00::1", "2001:db8::7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("10.9.9.9", "10.9.9.9"),
        ] {
            assert_eq!(client(&[(X_FORWARDED_FOR, header)]), address, "{header}");
        }
        let lines = [(X_FORWARDED_FOR, "6.6.6.6"), (X_FORWARDED_FOR, "203.0.113.7")];
        assert_eq!(client(&lines), "203.0.113.7", "lines stand one after the other");
    }

    #[test]
    fn forwarded_is_used_without_x_forwarded_for() {
        for (header, address) in [
            ("for=203.0.113.7", "203.0.113.7"),
            ("for=6.6.6.6, For=\"203.0.113.7:4711\";proto=https;by=10.0.0.1", "203.0.113.7"),
            ("proto=http;for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=\"6.6.6.6, for=203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(client(&[(FORWARDED, header)]), address, "{header}");
        }
        let both = [(FORWARDED, "for=6.6.6.6"), (X_FORWARDED_FOR, "203.0.113.7")];
        assert_eq!(client(&both), "203.0.113.7");
    }

    #[test]
    fn unreadable_header_yields_its_proxy() {
        for header in ["", ",", "unknown", "_hidden", "203.0.113.7.8", "1.2.3.4:99999", "[::1", "\u{e4}"] {
            assert_eq!(client(&[(X_FORWARDED_FOR, header)]), "10.0.0.1", "{header:?}");
            assert_eq!(client(&[(FORWARDED, &format!("for={header}"))]), "10.0.0.1", "{header:?}");
        }
        assert_eq!(client(&[(X_FORWARDED_FOR, "203.0.113.7, nonsense, 10.0.0.2")]), "10.0.0.2");
        assert_eq!(client(&[(FORWARDED, "by=203.0.113.7")]), "10.0.0.1");
        assert_eq!(client(&[]), "10.0.0.1");
    }

    #[test]
    fn untrusted_peer_is_client_despite_headers() {
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.7"));
        let (none, peer) = (Proxies::default(), "10.0.0.1".parse().unwrap());
        assert_eq!(none.client(peer, &headers), peer);
        assert!(none.is_untrusted_proxy(peer, &headers));
        assert!(!none.is_untrusted_proxy(peer, &HeaderMap::new()));
        assert!(!Proxies::list(["10.0.0.1"]).unwrap().is_untrusted_proxy(peer, &headers));
    }

    #[test]
    fn invalid_network_is_named_in_error() {
        assert!(Proxies::list(["10.0.0.0/8", " ::1 ", "127.0.0.1"]).is_ok());
        for wrong in ["10.0.0.0/33", "localhost", "", "10.0.0.1:80"] {
            assert!(Proxies::list([wrong]).unwrap_err().contains(&format!("{wrong:?}")));
        }
    }

    #[test]
    fn ipv6_network_is_one_key() {
        let of = |address: &str| network_of(address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
