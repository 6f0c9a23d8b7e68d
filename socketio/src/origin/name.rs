//! Parsing and comparison of one origin.

use std::fmt;

/// An origin as RFC 6454 compares it: scheme, host and port. `Null` is the opaque origin, which browsers send as
/// `null`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Null,
    Of { scheme: String, host: String, port: Option<u16> },
}

impl Origin {
    /// Parses an origin. Some clients add a slash, the default port, or use the WebSocket scheme.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text == "null" {
            return Some(Self::Null);
        }
        let (scheme, rest) = text.split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase() {
            scheme if scheme == "ws" => "http".to_owned(),
            scheme if scheme == "wss" => "https".to_owned(),
            scheme => scheme,
        };
        let (host, port) = authority(rest.strip_suffix('/').unwrap_or(rest))?;
        // Files have no host.
        if !is_scheme(&scheme) || (host.is_empty() && scheme != "file") {
            return None;
        }
        let port = port.filter(|port| Some(*port) != usual_port(&scheme));
        Some(Self::Of { scheme, host, port })
    }

    /// Whether it is a page of this machine, on any port.
    pub(super) fn is_local(&self) -> bool {
        let Self::Of { scheme, host, .. } = self else { return false };
        usual_port(scheme).is_some() && matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
    }

    /// Whether its host and port equal those of a `Host` header, which has no scheme.
    pub(super) fn is_at(&self, host: &str) -> bool {
        let Self::Of { scheme, host: ours, port } = self else { return false };
        let (Some(usual), Some((theirs, at))) = (usual_port(scheme), authority(host)) else { return false };
        *ours == theirs && port.unwrap_or(usual) == at.unwrap_or(usual)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Of { scheme, host, port: None } => write!(f, "{scheme}://{host}"),
            Self::Of { scheme, host, port: Some(port) } => write!(f, "{scheme}://{host}:{port}"),
        }
    }
}

/// Host in lower case, and port; `None` if the text contains anything else.
fn authority(text: &str) -> Option<(String, Option<u16>)> {
    if text.contains(|char: char| char.is_whitespace() || char.is_control() || "/\\@?#,\"<>".contains(char)) {
        return None;
    }
    let (host, port) = match text.rsplit_once(':') {
        // The colons within an IPv6 address are not followed by its bracket.
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    Some((host.to_ascii_lowercase(), port))
}

/// Default port of a scheme; only pages of a server have one.
fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// RFC 3986, section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn origin_round_trips(
            scheme in "[a-z][a-z0-9+.-]{0,8}",
            host in "[A-Za-z0-9.-]{1,20}|\\[[0-9a-f:]{2,20}\\]",
            port in proptest::option::of(any::<u16>()),
            slash in "/?",
        ) {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            let name = Origin::parse(&format!("{scheme}://{host}{port}{slash}")).expect("an origin");
            prop_assert_eq!(Origin::parse(&name.to_string()), Some(name));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,60}", host in ".{0,30}") {
            for text in [text.clone(), format!("http://{text}"), format!("{text}://{host}")] {
                if let Some(name) = Origin::parse(&text) {
                    let _ = (name.is_local(), name.is_at(&host));
                    prop_assert_eq!(Origin::parse(&name.to_string()), Some(name));
                }
            }
        }
    }
}
