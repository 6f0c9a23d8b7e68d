//! How much strangers and members may take, so that none of them locks the others out.

use clap::Args;
use socketio::{Config, EventLimit, Proxies, Rate};

use crate::config::Access;

/// Logins of one session that may wait.
const LOGINS_WAITING: usize = 2;
/// What logins are counted as.
pub const LOGINS: &str = "logins";
/// The part of all sessions that is kept for the signed-in, unless it is said.
const RESERVE: u32 = 5;

/// What one address, one user and all together may take. What is said of an address holds for a user, too, from wherever.
#[derive(Args, Clone, Debug)]
pub struct Limits {
    /// How many sessions there may be; one that never said what it wants goes first, and further ones are refused
    #[arg(long, env = "ROWCAST_SESSIONS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub sessions: u32,
    /// How many of them are kept for the signed-in [default: a fifth where --access needs a sign-in, otherwise 0]
    #[arg(long, env = "ROWCAST_RESERVED_SESSIONS", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub reserved_sessions: Option<u32>,
    /// How many sessions one address, or one user, may have; 0 = any number
    #[arg(long, env = "ROWCAST_SESSIONS_EACH", default_value_t = 2_000)]
    pub sessions_each: u32,
    /// How many sessions a second one address may open, and ten times as many at once after a quiet while; 0 = any number
    #[arg(long, env = "ROWCAST_HANDSHAKES_EACH", default_value_t = 200)]
    pub handshakes_each: u32,
    /// How many events a second one address, or one user, may send, and twice as many at once; 0 = any number
    #[arg(long, env = "ROWCAST_EVENTS_EACH", default_value_t = 20_000)]
    pub events_each: u32,
    /// How many bytes a second these may have, and twice as many at once; 0 = any number
    #[arg(long, env = "ROWCAST_BYTES_EACH", default_value_t = 32 << 20, value_parser = clap::value_parser!(u64).range(..=1 << 40))]
    pub bytes_each: u64,
    /// How many logins a minute one address may try; 0 = any number
    #[arg(long, env = "ROWCAST_LOGINS_EACH", default_value_t = 120)]
    pub logins_each: u32,
    /// How many bytes one message may have from a session that is not signed in, where --access needs a sign-in; 0 = as many as from
    /// others
    #[arg(long, env = "ROWCAST_VISITOR_BYTES", default_value_t = 16 << 10, value_parser = clap::value_parser!(u32).range(..=1 << 30))]
    pub visitor_bytes: u32,
    /// How many bytes all of these sessions together may have sent that are not handled yet, but for the first 1,024 of each; 0 = any
    /// number
    #[arg(long, env = "ROWCAST_VISITORS_BYTES", default_value_t = 32 << 20, value_parser = clap::value_parser!(u64).range(..=1 << 40))]
    pub visitors_bytes: u64,
    /// Proxies whose word about their clients' addresses is taken (X-Forwarded-For, Forwarded): addresses and networks, comma-separated,
    /// as in 127.0.0.1,10.0.0.0/8 [default: none]
    #[arg(long, env = "ROWCAST_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
}

impl Limits {
    /// The proxies that are trusted.
    ///
    /// # Errors
    /// Which of them is neither an address nor a network.
    pub fn proxies(&self) -> Result<Proxies, String> {
        let named = self.trusted_proxies.iter().filter(|one| !one.trim().is_empty());
        let mut proxies = Proxies::list(named).map_err(|error| format!("--trusted-proxies: {error}"))?;
        proxies.setting = "--trusted-proxies";
        Ok(proxies)
    }

    /// What clap cannot see.
    ///
    /// # Errors
    /// A sentence that names the setting.
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

    /// A configuration of sockets with these limits.
    ///
    /// # Errors
    /// As [`proxies`](Self::proxies).
    pub fn apply(&self, access: Access, config: Config) -> Result<Config, String> {
        let fifth = if access == Access::Open { 0 } else { self.sessions / RESERVE };
        let few = |event: &str| EventLimit { event: event.into(), max_waiting: LOGINS_WAITING };
        let of_visitors =
            |limit: Option<u64>| limit.filter(|_| access != Access::Open).map(|limit| limit as usize);
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

/// A limit, unless 0 is said.
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
    fn what_is_kept_for_the_signed_in_depends_on_who_has_to_be() {
        let reserved = |args: &[&str]| config(args).unwrap().reserved_sessions;
        assert_eq!(reserved(&[]), 0, "nobody signs in");
        assert_eq!(reserved(&["--access", "members"]), 2_000);
        assert_eq!(reserved(&["--access", "read", "--sessions", "100"]), 20);
        assert_eq!(reserved(&["--access", "members", "--reserved-sessions", "0"]), 0);
        let more = config(&["--sessions", "10", "--reserved-sessions", "11"]).unwrap_err();
        assert!(more.contains("--reserved-sessions"), "{more}");
    }

    #[test]
    fn nothing_is_no_limit() {
        let config =
            config(&["--sessions-each=0", "--handshakes-each=0", "--events-each=0", "--bytes-each=0"]);
        let config = config.unwrap();
        assert_eq!((config.max_sessions_per_address, config.max_handshakes_per_address), (None, None));
        assert_eq!((config.max_events_per_address, config.max_bytes_per_address), (None, None));
    }

    #[test]
    fn visitors_have_limits_where_signing_in_is_needed() {
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
    fn a_proxy_that_is_no_address_is_named() {
        assert!(config(&["--trusted-proxies", "127.0.0.1, 10.0.0.0/8,"]).is_ok());
        let wrong = config(&["--trusted-proxies", "127.0.0.1,gateway"]).unwrap_err();
        assert!(wrong.contains("--trusted-proxies") && wrong.contains("gateway"), "{wrong}");
    }
}
