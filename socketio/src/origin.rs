//! Origins that may open a session.
//!
//! Browsers let any page open a WebSocket to any address, with the cookies of that address. Only the `Origin` header
//! stops a foreign page from acting as its visitor. Apps send an origin too: that of their embedded page
//! (`capacitor://localhost`, `tauri://localhost`, `file://`, `null`), or the address that they connect to, with its own
//! scheme (`ws://gym.example`).

mod name;

use self::name::Origin;

/// The origins that may connect. A request without an `Origin` header is allowed, unless `Sec-Fetch-Site` shows that it
/// comes from a page of another site. Such a page could not read the response, but could open sessions.
#[derive(Debug, Clone)]
pub struct Origins {
    /// Origins that are allowed by name.
    pub allow: AllowedOrigins,
    /// Also allows pages whose host and port equal those of the request's own `Host` header. Leave it off on a server
    /// without authentication: an attacker can make a domain resolve to your address (DNS rebinding), and then both
    /// headers agree. Default `false`.
    pub same_host: bool,
    /// How operators configure the allowed origins. The log line of a refused origin shows it with the complete list.
    /// Default `Origins::list`.
    pub setting: &'static str,
}

/// A set of origins.
#[derive(Debug, Clone, Default)]
pub enum AllowedOrigins {
    /// `http` and `https` pages on `localhost`, `127.0.0.1` and `[::1]`, any port.
    #[default]
    Local,
    /// Exactly these: `https://gym.example`, `http://10.0.0.5:8080`, `capacitor://localhost`, `file://`, or `null` for
    /// pages without an origin, which any page can make in a sandboxed frame. `localhost` includes the origins of
    /// [`Local`](Self::Local). Case, a slash at the end, the scheme's default port, and `ws` for `http` make no
    /// difference.
    List(Vec<String>),
    /// All origins.
    Any,
}

impl Default for Origins {
    fn default() -> Self {
        Self { allow: AllowedOrigins::default(), same_host: false, setting: "Origins::list" }
    }
}

impl Origins {
    /// Allows all origins.
    pub fn any() -> Self {
        Self { allow: AllowedOrigins::Any, ..Self::default() }
    }

    /// Allows exactly these origins.
    pub fn list<I: IntoIterator<Item: Into<String>>>(origins: I) -> Self {
        Self { allow: AllowedOrigins::List(origins.into_iter().map(Into::into).collect()), ..Self::default() }
    }

    /// Whether the text is a valid entry of a list: an origin, or `localhost`.
    pub fn is_valid_entry(text: &str) -> bool {
        text == LOCALHOST || Origin::parse(text).is_some()
    }

    /// Whether a request with these `Origin` and `Host` headers may connect.
    pub fn allows(&self, origin: Option<&str>, host: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        if matches!(self.allow, AllowedOrigins::Any) {
            return true;
        }
        let Some(origin) = Origin::parse(origin) else { return false };
        let named = match &self.allow {
            AllowedOrigins::List(list) => list.iter().any(|one| match one.as_str() {
                LOCALHOST => origin.is_local(),
                one => Origin::parse(one).is_some_and(|one| one == origin),
            }),
            _ => origin.is_local(),
        };
        named || (self.same_host && host.is_some_and(|host| origin.is_at(host)))
    }

    /// Whether a request without an `Origin` and with this `Sec-Fetch-Site` may connect. A page can open a session by
    /// an image, whose request has no `Origin`.
    pub(crate) fn allows_site(&self, site: Option<&str>) -> bool {
        matches!(self.allow, AllowedOrigins::Any)
            || site.is_none_or(|site| !site.eq_ignore_ascii_case("cross-site"))
    }

    /// The setting that would also allow this origin; `None` if the text is not an origin.
    pub(crate) fn with(&self, origin: &str) -> Option<String> {
        let origin = Origin::parse(origin)?;
        let now = match &self.allow {
            AllowedOrigins::List(list) => list.join(","),
            _ => LOCALHOST.to_owned(),
        };
        let comma = if now.is_empty() { "" } else { "," };
        Some(format!("{} {now}{comma}{origin}", self.setting))
    }
}

/// The list entry for all pages of this machine.
const LOCALHOST: &str = "localhost";

#[cfg(test)]
mod tests {
    use super::*;

    /// The allowed ones of these pages, for requests without a `Host`.
    fn allowed<'a>(origins: &Origins, pages: &[&'a str]) -> Vec<&'a str> {
        pages.iter().copied().filter(|page| origins.allows(Some(page), None)).collect()
    }

    #[test]
    fn default_allows_pages_of_this_machine() {
        let origins = Origins::default();
        let pages = [
            "http://localhost:3000",
            "https://LOCALHOST",
            "http://127.0.0.1:80",
            "http://[::1]:9",
            "http://[::1]",
            "ws://localhost:5555",
            "http://localhost:5555/",
        ];
        assert_eq!(allowed(&origins, &pages), pages);
        for page in [
            "http://localhost.evil.example",
            "http://evil.example:80",
            "null",
            "",
            "file://localhost",
            "capacitor://localhost",
            "http://127.0.0.1.nip.io",
            "http://localhost:3000/page",
            "http://localhost@evil.example",
            "http://localhost:99999",
            "localhost",
        ] {
            assert!(!origins.allows(Some(page), Some("evil.example")), "{page}");
        }
        assert!(origins.allows(None, None), "not a browser");
    }

    #[test]
    fn list_is_exact_and_same_host_adds_to_it() {
        let mut origins = Origins::list(["https://gym.example"]);
        assert!(origins.allows(Some("https://gym.example"), None));
        assert!(!origins.allows(Some("https://gym.example:8443"), None));
        assert!(!origins.allows(Some("http://10.0.0.5:5555"), Some("10.0.0.5:5555")));
        let mixed = Origins::list(["localhost", "https://gym.example"]);
        assert!(
            mixed.allows(Some("http://localhost:5173"), None)
                && mixed.allows(Some("https://gym.example"), None)
        );
        assert!(!mixed.allows(Some("http://evil.example"), None));
        origins.same_host = true;
        assert!(origins.allows(Some("http://10.0.0.5:5555"), Some("10.0.0.5:5555")));
        assert!(!origins.allows(Some("http://10.0.0.5:1"), Some("10.0.0.5:5555")));
    }

    #[test]
    fn equivalent_spellings_of_origin_match() {
        for listed in
            ["https://gym.example", "https://Gym.Example/", "https://gym.example:443", "wss://gym.example"]
        {
            let origins = Origins::list([listed]);
            let same = [
                "https://gym.example",
                "https://gym.example/",
                "HTTPS://GYM.EXAMPLE",
                "https://gym.example:443",
                "wss://gym.example",
                "wss://gym.example:443/",
            ];
            assert_eq!(allowed(&origins, &same), same, "{listed}");
            let others = [
                "http://gym.example",
                "ws://gym.example",
                "https://gym.example:80",
                "https://gym.example:8443",
                "https://gym.example.evil.example",
                "https://evil.example/https://gym.example",
                "https://ada@gym.example",
                "https://gym.example,https://evil.example",
                "https://gym.example https://evil.example",
                "app://gym.example",
                "gym.example",
                "https://",
            ];
            assert_eq!(allowed(&origins, &others), [""; 0], "{listed}");
        }
    }

    #[test]
    fn app_origins_match_only_when_listed() {
        let apps = [
            "capacitor://localhost",
            "tauri://localhost",
            "ionic://localhost",
            "app://obsidian.md",
            "chrome-extension://abcdefghijklmnop",
            "http://10.0.2.2:5555",
            "file://",
            "null",
        ];
        for app in apps {
            assert!(Origins::is_valid_entry(app), "{app}");
            assert_eq!(allowed(&Origins::list([app]), &apps), [app]);
        }
        assert!(Origins::list(["file://"]).allows(Some("file:///"), None));
        assert!(!Origins::list(["file://"]).allows(Some("file:///etc/passwd"), None));
        for no_name in [
            "",
            "gym.example",
            "10.0.2.2:5555",
            "https://",
            "https:/gym.example",
            "://gym",
            "http://a b",
            "nul",
        ] {
            assert!(!Origins::is_valid_entry(no_name), "{no_name}");
        }
    }

    #[test]
    fn same_host_ignores_default_port() {
        let origins = Origins { same_host: true, ..Origins::default() };
        for (origin, host) in [
            ("http://gym.example", "gym.example"),
            ("http://gym.example:80", "gym.example"),
            ("http://gym.example", "gym.example:80"),
            ("https://gym.example", "GYM.example:443"),
            ("wss://gym.example/", "gym.example"),
            ("ws://10.0.0.5:5555", "10.0.0.5:5555"),
            ("http://[2001:db8::5]:5555", "[2001:DB8::5]:5555"),
        ] {
            assert!(origins.allows(Some(origin), Some(host)), "{origin} {host}");
        }
        for (origin, host) in [
            ("http://gym.example", "gym.example:443"),
            ("https://gym.example", "gym.example:80"),
            ("http://gym.example:8080", "gym.example"),
            ("http://gym.example", "other.example"),
            ("capacitor://gym.example", "gym.example"),
            ("null", "null"),
            ("file://", ""),
        ] {
            assert!(!origins.allows(Some(origin), Some(host)), "{origin} {host}");
        }
    }

    #[test]
    fn suggested_setting_keeps_allowed_origins() {
        let default = Origins { setting: "--origins", ..Origins::default() };
        let with = |origins: &Origins, origin: &str| origins.with(origin);
        assert_eq!(
            with(&default, "ws://10.0.2.2:5555/").as_deref(),
            Some("--origins localhost,http://10.0.2.2:5555")
        );
        let listed = Origins { setting: "--origins", ..Origins::list(["https://gym.example"]) };
        assert_eq!(with(&listed, "file:///").as_deref(), Some("--origins https://gym.example,file://"));
        assert_eq!(with(&listed, "null").as_deref(), Some("--origins https://gym.example,null"));
        assert_eq!(with(&listed, "nonsense"), None);
    }
}
