//! Where the server listens: how an address may be written, and the sockets that come of it.
//!
//! ```text
//! 127.0.0.1:5555   that address
//! gym.lan:5555     each address of that name
//! localhost:5555   127.0.0.1, and [::1] where there is IPv6
//! 5555             the same
//! :5555            every address, of both kinds
//! ```
//!
//! A browser that is asked for `localhost` may try `[::1]` first, and a program that knows IPv6 alone tries nothing else.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs},
    str::FromStr,
};

use socket2::{Domain, Protocol, Socket, Type};

/// The port where none is said.
pub const PORT: u16 = 5555;
/// Connections the kernel may hold while the workers are busy accepting others.
const BACKLOG: i32 = 4096;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    text: String,
    addresses: Vec<SocketAddr>,
    /// The other address of this machine, or all others of it: listened on where the system has it.
    beside: Option<IpAddr>,
}

impl Bind {
    /// This machine alone, by both of its names.
    #[must_use]
    pub fn local(port: u16) -> Self {
        Self {
            text: format!("localhost:{port}"),
            addresses: vec![(Ipv4Addr::LOCALHOST, port).into()],
            beside: Some(Ipv6Addr::LOCALHOST.into()),
        }
    }

    fn everywhere(port: u16) -> Self {
        Self {
            text: format!(":{port}"),
            addresses: vec![(Ipv4Addr::UNSPECIFIED, port).into()],
            beside: Some(Ipv6Addr::UNSPECIFIED.into()),
        }
    }

    /// Whether only this machine can reach it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.addresses.iter().all(|address| address.ip().is_loopback())
    }

    /// Where this machine reaches a server that listens here.
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

    /// Takes the addresses. With port 0 the first takes a free one, and the others the same.
    ///
    /// # Errors
    /// Which address cannot be had, and why.
    pub fn listen(&self) -> Result<Vec<TcpListener>, String> {
        let problem = |error: io::Error| format!("{self} cannot be listened on: {error}");
        let mut listeners = vec![listen(self.addresses[0]).map_err(problem)?];
        let port = listeners[0].local_addr().map_err(problem)?.port();
        for address in &self.addresses[1..] {
            listeners.push(listen(SocketAddr::new(address.ip(), port)).map_err(problem)?);
        }
        if let Some(ip) = self.beside {
            listeners.extend(beside(SocketAddr::new(ip, port)));
        }
        Ok(listeners)
    }
}

/// A listener that is not asked for by name: done without where the system has no such address.
fn beside(address: SocketAddr) -> Option<TcpListener> {
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

fn open(address: SocketAddr, beside: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // After a restart, connections of the server before are no reason to wait.
    socket.set_reuse_address(true)?;
    if beside {
        // By default `[::]` stands for the addresses of IPv4, too, and those are taken.
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
                "{why}; an address is 127.0.0.1:{PORT}, localhost:{PORT}, :{PORT} for all of this machine's, or just {PORT}"
            )
        };
        if let Ok(address) = text.parse() {
            return Ok(Self { text: text.to_owned(), addresses: vec![address], beside: None });
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("localhost", text));
        let port = port.parse().map_err(|_| wrong("it has no port"))?;
        match host.to_ascii_lowercase().as_str() {
            "localhost" => Ok(Self::local(port)),
            "" => Ok(Self::everywhere(port)),
            name => {
                let addresses: Vec<_> =
                    (name, port).to_socket_addrs().map_err(|error| wrong(&error.to_string()))?.collect();
                match addresses.is_empty() {
                    true => Err(wrong("the name has no address")),
                    false => Ok(Self { text: text.to_owned(), addresses, beside: None }),
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
        let beside = bind.beside.map(|ip| SocketAddr::new(ip, bind.addresses[0].port()));
        bind.addresses.iter().copied().chain(beside).map(|address| address.to_string()).collect()
    }

    #[test]
    fn an_address_may_be_written_in_many_ways() {
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
    }

    #[test]
    fn only_what_others_cannot_reach_is_loopback() {
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
    fn an_address_beside_that_is_taken_does_not_stand_in_the_way() {
        let taken = listen((Ipv6Addr::LOCALHOST, 0).into()).unwrap();
        let port = taken.local_addr().unwrap().port();
        // The port of the other kind of address may be taken by a test that runs beside this one.
        if let Ok(listeners) = Bind::local(port).listen() {
            assert_eq!(listeners.len(), 1);
        }
    }
}
