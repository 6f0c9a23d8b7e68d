//! Where a server listens, and which requests need a sign-in there.

use clap::{Args, ValueEnum};

use crate::{
    address::{Bind, PORT},
    base_path::BasePath,
    seed::Passwords,
};

const BIND: &str = "The address to listen on, as in 127.0.0.1:5555, localhost:5555, 5555, or :5555 for all of this machine's; port 0 takes a free one \
    [default: 127.0.0.1:5555, and [::1]:5555 where there is IPv6]";

pub(super) const ACCESS: &str = "Which requests need a sign-in: open = none [default on a loopback address]; read = writes; members = all \
    [default elsewhere]";

/// The address and path of the server.
#[derive(Args, Clone, Debug)]
pub struct Endpoint {
    /// The address to listen on; see [`Bind`].
    #[arg(long, env = "ROWCAST_BIND", help = BIND)]
    pub bind: Option<Bind>,
    /// The prefix of all paths, as in /gym, for a proxy that forwards this prefix unchanged
    #[arg(long, env = "ROWCAST_BASE_PATH", default_value = "", hide_default_value = true)]
    pub base_path: BasePath,
}

impl Endpoint {
    /// The address to listen on; the default is a loopback address.
    #[must_use]
    pub fn bind(&self) -> Bind {
        self.bind.clone().unwrap_or_else(|| Bind::local(PORT))
    }
}

/// The settings of a server that decide whether sample users may have publicly known passwords.
#[derive(Args, Clone, Debug)]
pub struct Audience {
    /// The address that the server is going to listen on [default: 127.0.0.1:5555]
    #[arg(long, env = "ROWCAST_BIND")]
    pub bind: Option<Bind>,
    /// The access mode of the server; see [`AccessMode`].
    #[arg(long, env = "ROWCAST_ACCESS", value_enum, help = ACCESS, hide_possible_values = true)]
    pub access: Option<AccessMode>,
}

impl Audience {
    /// The passwords of sample users.
    #[must_use]
    pub fn passwords(&self) -> Passwords {
        passwords(&self.bind.clone().unwrap_or_else(|| Bind::local(PORT)), self.access)
    }
}

/// Publicly known passwords are for servers on a loopback address that need no sign-in.
pub(super) fn passwords(bind: &Bind, access: Option<AccessMode>) -> Passwords {
    match (bind.is_loopback(), access) {
        (true, None | Some(AccessMode::Open)) => Passwords::Known,
        _ => Passwords::Random,
    }
}

/// Which requests need a signed-in user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AccessMode {
    /// None.
    Open,
    /// Writes.
    Read,
    /// All.
    Members,
}

impl From<AccessMode> for rowcast_schema::AccessMode {
    fn from(access: AccessMode) -> Self {
        match access {
            AccessMode::Open => Self::Open,
            AccessMode::Read => Self::Read,
            AccessMode::Members => Self::Members,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Cli;

    #[test]
    fn bind_defaults_to_both_loopback_addresses() {
        let bind =
            |args: &[&str]| Cli::try_parse_from([&["gymbook"], args].concat()).unwrap().serve.endpoint.bind();
        assert_eq!(bind(&[]), "localhost:5555".parse().unwrap());
        assert_ne!(bind(&["--bind", "127.0.0.1:5555"]), bind(&[]), "what is said is meant");
    }

    #[test]
    fn sample_passwords_are_known_only_on_open_loopback_server() {
        let passwords =
            |args: &[&str]| Cli::try_parse_from([&["gymbook"], args].concat()).unwrap().serve.passwords();
        assert_eq!(passwords(&[]), Passwords::Known);
        assert_eq!(passwords(&["--bind", "[::1]:80", "--access", "open"]), Passwords::Known);
        for (bind, access) in [("127.0.0.1:80", "members"), ("127.0.0.1:80", "read"), ("0.0.0.0:80", "open")]
        {
            assert_eq!(
                passwords(&["--bind", bind, "--access", access]),
                Passwords::Random,
                "{bind} {access}"
            );
        }
        assert_eq!(passwords(&["--bind", ":80"]), Passwords::Random);
    }
}
