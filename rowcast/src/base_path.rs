//! The prefix of all paths: none, or `/gym`.

use std::{fmt, str::FromStr};

const MAX_SEGMENTS: usize = 8;

/// A path without a trailing slash; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    /// The prefix before `/socket.io/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the prefix is empty.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The rest of a path after the prefix, with its leading slash; `None` if the path has another prefix.
    #[must_use]
    pub fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.0).filter(|rest| rest.starts_with('/'))
    }
}

impl FromStr for BasePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<_> = text.split('/').filter(|name| !name.is_empty()).collect();
        match names.len() <= MAX_SEGMENTS && names.iter().all(|name| is_plain(name)) {
            true => Ok(Self(names.iter().map(|name| format!("/{name}")).collect())),
            false => Err("a path is like /gym: letters, digits, - . _ ~, and slashes between them".into()),
        }
    }
}

/// Whether the name consists of characters that are never percent-encoded.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes().all(plain) && name != "." && name != ".."
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_duplicate_slashes_are_accepted() {
        for (text, path) in [("", ""), ("/", ""), ("gym", "/gym"), ("/gym/", "/gym"), ("//a//b-1/", "/a/b-1")]
        {
            assert_eq!(text.parse::<BasePath>().unwrap().as_str(), path, "{text}");
        }
        for wrong in ["/a b", "/..", "/a/./b", "/gym?x", "/%67ym", "/{gym}", "/a/b/c/d/e/f/g/h/i"] {
            assert!(wrong.parse::<BasePath>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn below_strips_prefix_or_returns_none() {
        let gym: BasePath = "/gym".parse().unwrap();
        assert_eq!(gym.below("/gym/members"), Some("/members"));
        assert_eq!(gym.below("/gym/"), Some("/"));
        for elsewhere in ["/gym", "/", "/gymkhana/", "/x/gym/"] {
            assert_eq!(gym.below(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(BasePath::default().below("/members"), Some("/members"));
    }
}
