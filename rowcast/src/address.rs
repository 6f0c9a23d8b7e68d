//! Addresses to listen on, and their listeners.
//!
//! ```text
//! 127.0.0.1:5555   this address
//! gym.lan:5555     all addresses of this name
//! localhost:5555   127.0.0.1, and [::1] if IPv6 is available
//! 5555             the same as localhost:5555
//! :5555            all IPv4 and IPv6 addresses
//! ```
//!
//! Browsers may try `[::1]` first for `localhost`, and IPv6-only programs try nothing else.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs},
    str::FromStr,
};

use socket2::{Domain, Protocol, Socket, Type};

/// The default port.
pub const PORT: u16 = 5555;
/// The most connections that the kernel queues until they are accepted.
const BACKLOG: i32 = 4096;

/// The addresses to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    text: String,
    addresses: Vec<SocketAddr>,
    /// The IPv6 counterpart of the address, used if it is available.
    optional: Option<IpAddr>,
}

impl Bind {
    /// Both loopback addresses.
    #[must_use]
    pub fn local(port: u16) -> Self {
        Self {
            text: format!("localhost:{port}"),
            addresses: vec![(Ipv4Addr::LOCALHOST, port).into()],
            optional: Some(Ipv6Addr::LOCALHOST.into()),
        }
    }

    fn everywhere(port: u16) -> Self {
        Self {
            text: format!(":{port}"),
            addresses: vec![(Ipv4Addr::UNSPECIFIED, port).into()],
            optional: Some(Ipv6Addr::UNSPECIFIED.into()),
        }
    }

    /// Whether all addresses are loopback addresses.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.addresses.iter().all(|address| address.ip().is_loopback())
    }

    /// The address at which this machine reaches the server.
    #[must_use]
    pub fn reached_at(&self) -> SocketAddr {
        let mut address = self.addresses[0];
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        address
    }

    /// Opens the listeners. With port 0 the first gets a free port, and the others use the same.
    ///
    /// # Errors
    /// A sentence with the address and the reason.
    pub fn listen(&self) -> Result<Vec<TcpListener>, String> {
        let mut listeners = self.listen_required()?;
        let port = listeners[0].local_addr().map_err(|error| self.problem(&error))?.port();
        if let Some(ip) = self.optional {
            listeners.extend(listen_optional(SocketAddr::new(ip, port)));
        }
        Ok(listeners)
    }

    /// Checks that the addresses can be listened on now.
    ///
    /// # Errors
    /// A sentence with the address and the reason.
    pub fn check(&self) -> Result<(), String> {
        self.listen_required().map(drop)
    }

    fn listen_required(&self) -> Result<Vec<TcpListener>, String> {
        let mut listeners = vec![listen(self.addresses[0]).map_err(|error| self.problem(&error))?];
        let port = listeners[0].local_addr().map_err(|error| self.problem(&error))?.port();
        for address in &self.addresses[1..] {
            let address = SocketAddr::new(address.ip(), port);
            listeners.push(listen(address).map_err(|error| self.problem(&error))?);
        }
        Ok(listeners)
    }

    fn problem(&self, error: &io::Error) -> String {
        match error.kind() {
            ErrorKind::AddrInUse => {
                format!(
                    "{self} cannot be listened on, because another program does: end that, or give another port by --bind"
                )
            }
            _ => format!("{self} cannot be listened on: {error}"),
        }
    }
}

/// A listener on an address that may be unavailable.
fn listen_optional(address: SocketAddr) -> Option<TcpListener> {
    match open(address, true) {
        Ok(listener) => Some(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            tracing::warn!(%address, "another program listens here: clients of the same port may reach it in place of this server");
            None
        }
        Err(error) => {
            tracing::debug!(%address, %error, "not listened on");
            None
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    open(address, false)
}

fn open(address: SocketAddr, optional: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // After a restart, connections of the previous server do not block the address.
    socket.set_reuse_address(true)?;
    if optional {
        // By default `[::]` includes the IPv4 addresses, which are in use.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl FromStr for Bind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "{why}; give a port or address:port, as in {PORT}, localhost:{PORT}, 127.0.0.1:{PORT}, or :{PORT} for all \
                 addresses of this machine"
            )
        };
        if let Ok(address) = text.parse() {
            return Ok(Self { text: text.to_owned(), addresses: vec![address], optional: None });
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("localhost", text));
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().map_err(|_| match is_number {
            true => wrong(&format!("a port is at most {}", u16::MAX)),
            false => wrong("it has no port"),
        })?;
        match host.to_ascii_lowercase().as_str() {
            "localhost" => Ok(Self::local(port)),
            "" => Ok(Self::everywhere(port)),
            name => {
                let addresses: Vec<_> =
                    (name, port).to_socket_addrs().map_err(|error| wrong(&error.to_string()))?.collect();
                match addresses.is_empty() {
                    true => Err(wrong("the name has no address")),
                    false => Ok(Self { text: text.to_owned(), addresses, optional: None }),
                }
            }
        }
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<String> {
        let bind: Bind = text.parse().unwrap();
        let optional = bind.optional.map(|ip| SocketAddr::new(ip, bind.addresses[0].port()));
        bind.addresses.iter().copied().chain(optional).map(|address| address.to_string()).collect()
    }

    #[test]
    fn address_formats_are_parsed() {
        assert_eq!(addresses("127.0.0.1:80"), ["127.0.0.1:80"]);
        assert_eq!(addresses("[::1]:80"), ["[::1]:80"]);
        assert_eq!(addresses("[::]:80"), ["[::]:80"]);
        assert_eq!(addresses("0.0.0.0:80"), ["0.0.0.0:80"]);
        for both in ["localhost:80", "LOCALHOST:80", "80"] {
            assert_eq!(addresses(both), ["127.0.0.1:80", "[::1]:80"], "{both}");
        }
        assert_eq!(addresses(":80"), ["0.0.0.0:80", "[::]:80"]);
        for wrong in [
            "",
            ":",
            "nonsense",
            "127.0.0.1",
            "localhost",
            "localhost:",
            "1:2:3x",
            "65536",
            "http://localhost:80",
        ] {
            let error = wrong.parse::<Bind>().unwrap_err();
            assert!(error.contains("localhost:5555"), "{wrong}: {error}");
        }
        let too_large = "a port is at most 65535; give a port or address:port, as in 5555, ";
        assert!("localhost:99999".parse::<Bind>().unwrap_err().starts_with(too_large));
    }

    #[test]
    fn is_loopback_only_for_loopback_addresses() {
        for (text, loopback, reached) in [
            ("5555", true, "127.0.0.1:5555"),
            ("localhost:5555", true, "127.0.0.1:5555"),
            ("[::1]:5555", true, "[::1]:5555"),
            ("127.0.0.2:5555", true, "127.0.0.2:5555"),
            (":5555", false, "127.0.0.1:5555"),
            ("0.0.0.0:5555", false, "127.0.0.1:5555"),
            ("[::]:5555", false, "[::1]:5555"),
            ("10.0.0.5:5555", false, "10.0.0.5:5555"),
        ] {
            let bind: Bind = text.parse().unwrap();
            assert_eq!(
                (bind.is_loopback(), bind.reached_at().to_string().as_str()),
                (loopback, reached),
                "{text}"
            );
        }
    }

    #[test]
    fn optional_address_in_use_is_skipped() {
        let taken = listen((Ipv6Addr::LOCALHOST, 0).into()).unwrap();
        let port = taken.local_addr().unwrap().port();
        // A concurrent test may use the port of the IPv4 address.
        if let Ok(listeners) = Bind::local(port).listen() {
            assert_eq!(listeners.len(), 1);
        }
    }
}
