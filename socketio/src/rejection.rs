//! The error of a client's data that cannot be decoded.

use std::fmt;

/// The reason why an event does not match its handler, as a sentence for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection(pub String);

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text of an error without its position, which has no meaning for a client.
pub(crate) fn sentence(error: &serde_json::Error) -> String {
    let sentence = error.to_string();
    sentence.split(" at line ").next().unwrap_or_default().to_owned()
}
