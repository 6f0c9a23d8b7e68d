//! Which web pages may open a session.
//!
//! Browsers let any page open a WebSocket to any address and attach that address's cookies, so the
//! `Origin` header is all that stops a foreign page from acting as its visitor.

/// Which web pages may connect. A request without an `Origin` header does not come from a page
/// and is let in.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// The pages let in by name.
    pub allow: Allow,
    /// Also lets in pages whose host and port are those of the request's own `Host` header. Leave it off on
    /// a server that trusts whoever reaches it: a name that an attacker owns can be made to
    /// resolve to your address (DNS rebinding), and then both headers agree. Default `false`.
    pub same_host: bool,
}

/// A set of origins.
#[derive(Debug, Clone, Default)]
pub enum Allow {
    /// `http` and `https` pages on `localhost`, `127.0.0.1` and `[::1]`, any port.
    #[default]
    Local,
    /// Exactly these, as a browser writes them: `https://gym.example` or `http://10.0.0.5:8080`; `localhost` stands for
    /// what [`Local`](Self::Local) lets in.
    List(Vec<String>),
    /// Every page.
    Any,
}

impl Origins {
    /// Every page.
    pub fn any() -> Self {
        Self { allow: Allow::Any, same_host: false }
    }

    /// Exactly these origins.
    pub fn list<I: IntoIterator<Item: Into<String>>>(origins: I) -> Self {
        Self { allow: Allow::List(origins.into_iter().map(Into::into).collect()), same_host: false }
    }

    /// Whether a request with these two headers may connect.
    pub fn admit(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        let allowed = match &self.allow {
            Allow::Any => true,
            Allow::List(list) => list.iter().any(|one| match one.trim_end_matches('/') {
                "localhost" => authority(origin).is_some_and(is_local),
                one => one.eq_ignore_ascii_case(origin),
            }),
            Allow::Local => authority(origin).is_some_and(is_local),
        };
        allowed
            || (self.same_host
                && host.is_some_and(|host| authority(origin).is_some_and(|it| it.eq_ignore_ascii_case(host))))
    }
}

fn authority(origin: &str) -> Option<&str> {
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
}

fn is_local(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    host == "127.0.0.1" || host == "[::1]" || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_machine_are_let_in_by_default() {
        let origins = Origins::default();
        for page in [
            "http://localhost:3000",
            "https://LOCALHOST",
            "http://127.0.0.1:80",
            "http://[::1]:9",
            "http://[::1]",
        ] {
            assert!(origins.admit(Some(page), None), "{page}");
        }
        for page in [
            "http://localhost.evil.example",
            "http://evil.example:80",
            "null",
            "",
            "file://localhost",
            "http://127.0.0.1.nip.io",
        ] {
            assert!(!origins.admit(Some(page), Some("evil.example")), "{page}");
        }
        assert!(origins.admit(None, None), "not a browser");
    }

    #[test]
    fn a_list_is_exact_and_the_same_host_is_an_addition() {
        let mut origins = Origins::list(["https://gym.example"]);
        assert!(origins.admit(Some("https://gym.example"), None));
        assert!(!origins.admit(Some("https://gym.example:8443"), None));
        assert!(!origins.admit(Some("http://10.0.0.5:5555"), Some("10.0.0.5:5555")));
        let mixed = Origins::list(["localhost", "https://gym.example"]);
        assert!(
            mixed.admit(Some("http://localhost:5173"), None)
                && mixed.admit(Some("https://gym.example"), None)
        );
        assert!(!mixed.admit(Some("http://evil.example"), None));
        origins.same_host = true;
        assert!(origins.admit(Some("http://10.0.0.5:5555"), Some("10.0.0.5:5555")));
        assert!(!origins.admit(Some("http://10.0.0.5:1"), Some("10.0.0.5:5555")));
    }
}
