//! From where pages load pictures.
//!
//! A member's picture is an address that somebody typed, and every page that shows the member asks for it, from within the
//! network that its reader is in. An address of a router, a printer or another program there would be asked in the
//! reader's name. So pages load what is theirs and what is reached by https: before anything is asked, a server must prove that it is
//! the one that the address names. What else may be asked for an operator names.

use std::{fmt, str::FromStr};

use socketio::Origins;

/// Sources that a page may load pictures from, beside its own address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures(Vec<String>);

impl Default for Pictures {
    fn default() -> Self {
        Self(vec!["https:".into()])
    }
}

impl FromStr for Pictures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sources = text.split(',').map(str::trim).filter(|source| !source.is_empty());
        let sources: Vec<&str> = sources.collect();
        match sources[..] {
            [] => Err("says nothing: none, https, *, or origins as in https://pictures.example.com".into()),
            ["none"] => Ok(Self(Vec::new())),
            _ => sources.into_iter().map(source).collect::<Result<_, _>>().map(Self),
        }
    }
}

/// One source as a policy says it.
fn source(text: &str) -> Result<String, String> {
    match text {
        "https" => Ok("https:".into()),
        "*" => Ok("https: http:".into()),
        // A policy's own signs would say something else to a browser.
        _ if Origins::is_valid_entry(text)
            && text.starts_with("http")
            && !text.contains([';', ' ', '\'', '"', '*']) =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => {
            Err(format!("{text} is neither none, https, * nor an origin as in https://pictures.example.com"))
        }
    }
}

/// As a policy says it.
impl fmt::Display for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'self' data:")?;
        self.0.iter().try_for_each(|source| write!(f, " {source}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_was_said_in_the_words_of_a_policy() {
        let said = |text: &str| text.parse::<Pictures>().map(|pictures| pictures.to_string());
        assert_eq!(Pictures::default().to_string(), "'self' data: https:");
        assert_eq!(said("https").unwrap(), "'self' data: https:");
        assert_eq!(said("none").unwrap(), "'self' data:");
        assert_eq!(said("*").unwrap(), "'self' data: https: http:");
        let two = said("https://a.example/, http://10.0.0.5:8080").unwrap();
        assert_eq!(two, "'self' data: https://a.example http://10.0.0.5:8080");
        for bad in [
            "",
            " , ",
            "a.example",
            "none,https",
            "https://a.example; script-src *",
            "javascript:",
            "'unsafe-inline'",
        ] {
            assert!(said(bad).is_err(), "{bad}");
        }
    }
}
