//! The image sources of the content security policy.
//!
//! A picture's address in a row is user input, and every page that shows the row requests it from within the reader's
//! network. It could be the address of a router or another internal service. So pages load images from their own
//! origin and by https, where the server must prove its identity first. The operator can allow other sources.

use std::{fmt, str::FromStr};

use socketio::Origins;

/// Image sources in addition to the page's own origin.
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

/// Parses one source of the policy.
fn source(text: &str) -> Result<String, String> {
    match text {
        "https" => Ok("https:".into()),
        "*" => Ok("https: http:".into()),
        // Characters with a meaning in the policy would change it.
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

/// As an `img-src` list.
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
    fn sources_render_as_img_src() {
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
