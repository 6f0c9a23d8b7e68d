//! Where in the change log a client is; opaque to it.

use std::{fmt, str::FromStr};

use super::position::Position;

/// Longer ones were not given by us.
const LONGEST: usize = 2000;

/// A position, and the epoch in which it means something: `<uuid>.<position>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) epoch: String,
    pub(super) position: Position,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.position)
    }
}

/// Not one of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (epoch, position) = text.split_once('.').filter(|_| text.len() <= LONGEST).ok_or(NoCursor)?;
        let position = position.parse().map_err(|_| NoCursor)?;
        Ok(Self { epoch: epoch.to_owned(), position })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_was_written() {
        let text = "6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59.806-803";
        assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        for text in ["", "x", "a.b", ".", "a.5-9", &format!("a.{}", "9-".repeat(2000))] {
            assert_eq!(text.parse::<Cursor>(), Err(NoCursor), "{text}");
        }
    }
}
