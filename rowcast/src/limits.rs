//! Limits of clients, so that none of them can exhaust the server.

use clap::Args;
use socketio::{Config, EventLimit, Proxies, Rate};

use crate::config::AccessMode;

/// The most waiting logins of one session.
const MAX_WAITING_LOGINS: usize = 2;
/// The name of the rate limit of logins.
pub const LOGINS: &str = "logins";
/// By default one session in this number is reserved for signed-in users.
const RESERVED_SHARE: u32 = 5;

/// Limits of one address, one user and the whole server. A limit of an address also applies to a user on any addresses.
#[derive(Args, Clone, Debug)]
pub struct Limits {
    /// The most sessions; beyond that sessions without a namespace are closed, and new ones refused
    #[arg(long, env = "ROWCAST_SESSIONS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub sessions: u32,
    /// The sessions reserved for signed-in users [default: a fifth where --access needs a sign-in, otherwise 0]
    #[arg(long, env = "ROWCAST_RESERVED_SESSIONS", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub reserved_sessions: Option<u32>,
    /// The most sessions of one address or user; 0 = unlimited
    #[arg(long, env = "ROWCAST_SESSIONS_EACH", default_value_t = 2_000)]
    pub sessions_each: u32,
    /// The most new sessions per second of one address, with bursts of ten times as many; 0 = unlimited
    #[arg(long, env = "ROWCAST_HANDSHAKES_EACH", default_value_t = 200)]
    pub handshakes_each: u32,
    /// The most events per second of one address or user, with bursts of twice as many; 0 = unlimited
    #[arg(long, env = "ROWCAST_EVENTS_EACH", default_value_t = 20_000)]
    pub events_each: u32,
    /// The most bytes per second of these events, with bursts of twice as many; 0 = unlimited
    #[arg(long, env = "ROWCAST_BYTES_EACH", default_value_t = 32 << 20, value_parser = clap::value_parser!(u64).range(..=1 << 40))]
    pub bytes_each: u64,
    /// The most logins per minute of one address; 0 = unlimited
    #[arg(long, env = "ROWCAST_LOGINS_EACH", default_value_t = 120)]
    pub logins_each: u32,
    /// The most bytes of one message of a session that is not signed in, where --access needs a sign-in; 0 = the same
    /// as for others
    #[arg(long, env = "ROWCAST_VISITOR_BYTES", default_value_t = 16 << 10, value_parser = clap::value_parser!(u32).range(..=1 << 30))]
    pub visitor_bytes: u32,
    /// The most unhandled bytes of all such sessions together, not counting the first 1,024 of each; 0 = unlimited
    #[arg(long, env = "ROWCAST_VISITORS_BYTES", default_value_t = 32 << 20, value_parser = clap::value_parser!(u64).range(..=1 << 40))]
    pub visitors_bytes: u64,
    /// Proxies whose X-Forwarded-For or Forwarded headers are trusted: addresses and networks, comma-separated, as in
    /// 127.0.0.1,10.0.0.0/8 [default: none]
    #[arg(long, env = "ROWCAST_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
}

impl Limits {
    /// The trusted proxies.
    ///
    /// # Errors
    /// A sentence with the entry that is neither an address nor a network.
    pub fn proxies(&self) -> Result<Proxies, String> {
        let named = self.trusted_proxies.iter().filter(|one| !one.trim().is_empty());
        let mut proxies = Proxies::list(named).map_err(|error| format!("--trusted-proxies: {error}"))?;
        proxies.setting = "--trusted-proxies";
        Ok(proxies)
    }

    /// Validates what clap cannot: combinations of settings.
    ///
    /// # Errors
    /// A sentence with the setting.
    pub fn check(&self) -> Result<(), String> {
        self.proxies()?;
        match self.reserved_sessions {
            Some(reserved) if reserved > self.sessions => Err(format!(
                "--reserved-sessions: {reserved} are more than all --sessions, which are {}",
                self.sessions
            )),
            _ => Ok(()),
        }
    }

    /// Adds these limits to a configuration.
    ///
    /// # Errors
    /// As [`proxies`](Self::proxies).
    pub fn apply(&self, access: AccessMode, config: Config) -> Result<Config, String> {
        let fifth = if access == AccessMode::Open { 0 } else { self.sessions / RESERVED_SHARE };
        let few = |event: &str| EventLimit { event: event.into(), max_waiting: MAX_WAITING_LOGINS };
        let of_visitors =
            |limit: Option<u64>| limit.filter(|_| access != AccessMode::Open).map(|limit| limit as usize);
        let logins = limit(self.logins_each).map(|per_minute| Rate { name: LOGINS, per_minute });
        Ok(Config {
            max_payload_without_owner: of_visitors(limit(self.visitor_bytes.into())),
            max_memory_without_owner: of_visitors(limit(self.visitors_bytes)),
            max_sessions: self.sessions as usize,
            reserved_sessions: self.reserved_sessions.unwrap_or(fifth) as usize,
            max_sessions_per_address: limit(self.sessions_each).map(|limit| limit as usize),
            max_handshakes_per_address: limit(self.handshakes_each),
            max_events_per_address: limit(self.events_each),
            max_bytes_per_address: limit(self.bytes_each),
            event_limits: vec![few("login"), few("set_password")],
            rates: logins.into_iter().collect(),
            trusted_proxies: self.proxies()?,
            ..config
        })
    }
}

/// A limit, unless it is 0.
fn limit<N: PartialEq + Default>(setting: N) -> Option<N> {
    (setting != N::default()).then_some(setting)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Cli;

    fn config(args: &[&str]) -> Result<Config, String> {
        let cli = Cli::try_parse_from([&["gymbook"], args].concat()).map_err(|error| error.to_string())?;
        cli.serve.check()?;
        cli.serve.limits.apply(cli.serve.access(), Config::default())
    }

    #[test]
    fn reserved_sessions_depend_on_access_mode() {
        let reserved = |args: &[&str]| config(args).unwrap().reserved_sessions;
        assert_eq!(reserved(&[]), 0, "nobody signs in");
        assert_eq!(reserved(&["--access", "members"]), 2_000);
        assert_eq!(reserved(&["--access", "read", "--sessions", "100"]), 20);
        assert_eq!(reserved(&["--access", "members", "--reserved-sessions", "0"]), 0);
        let more = config(&["--sessions", "10", "--reserved-sessions", "11"]).unwrap_err();
        assert!(more.contains("--reserved-sessions"), "{more}");
    }

    #[test]
    fn zero_is_unlimited() {
        let config =
            config(&["--sessions-each=0", "--handshakes-each=0", "--events-each=0", "--bytes-each=0"]);
        let config = config.unwrap();
        assert_eq!((config.max_sessions_per_address, config.max_handshakes_per_address), (None, None));
        assert_eq!((config.max_events_per_address, config.max_bytes_per_address), (None, None));
    }

    #[test]
    fn anonymous_sessions_are_limited_where_sign_in_is_needed() {
        let of = |args: &[&str]| {
            let config = config(args).unwrap();
            (config.max_payload_without_owner, config.max_memory_without_owner)
        };
        assert_eq!(of(&[]), (None, None));
        assert_eq!(of(&["--access", "read"]), (Some(16 * 1024), Some(32 * 1024 * 1024)));
        let set = ["--access", "members", "--visitor-bytes", "0", "--visitors-bytes", "1000"];
        assert_eq!(of(&set), (None, Some(1000)));
    }

    #[test]
    fn invalid_proxy_is_named_in_error() {
        assert!(config(&["--trusted-proxies", "127.0.0.1, 10.0.0.0/8,"]).is_ok());
        let wrong = config(&["--trusted-proxies", "127.0.0.1,gateway"]).unwrap_err();
        assert!(wrong.contains("--trusted-proxies") && wrong.contains("gateway"), "{wrong}");
    }
}
