//! The error of a client's data that cannot be decoded.

use std::fmt;

/// Why an event does not suit its handler, in a sentence for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection(pub String);

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was wrong. Where in the line it was says nothing to a client.
pub(crate) fn sentence(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    sentence.split(" at line ").next().unwrap_or_default().to_owned()
}
