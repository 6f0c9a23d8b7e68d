//! A client's cursor into the change log; opaque to the client.

use std::{borrow::Cow, fmt, str::FromStr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::position::Position;

/// Characters of names that are escaped: `~` separates them, and quotes would end the text that contains the cursor.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.');

/// Longer texts are no cursors.
const MAX_LEN: usize = 8000;

/// A position and its epoch: `<uuid>.<position>` or `<uuid>.<position>.<first>`, followed by `~<name>` for each
/// collection that the client lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) epoch: String,
    pub(super) position: Position,
    /// Snapshots are sent one by one, and the connection may close between two of them. The cursor of a snapshot that
    /// is not the last includes only the first `first` collections.
    pub(super) first: Option<usize>,
    /// The names of withheld collections. A node on which they are available sends their snapshots.
    pub(super) without: Vec<String>,
}

impl Cursor {
    /// The cursor of a complete state.
    pub(super) fn new(epoch: &str, position: &Position) -> Self {
        Self { epoch: epoch.to_owned(), position: position.clone(), first: None, without: Vec::new() }
    }

    /// The same cursor with the first `first` collections only.
    pub(super) fn after(&self, first: usize) -> Self {
        Self { first: Some(first), ..self.clone() }
    }

    /// The same cursor without these collections.
    pub(super) fn lacking<'a>(&self, names: impl Iterator<Item = &'a str>) -> Self {
        let mut cursor = self.clone();
        cursor.without.extend(names.map(str::to_owned));
        cursor
    }

    /// The same cursor with all collections.
    pub(super) fn complete(&self) -> Self {
        Self { without: Vec::new(), ..self.clone() }
    }

    /// Whether the client lacks this collection.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.without.iter().any(|without| without == name)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.position)?;
        self.first.map_or(Ok(()), |first| write!(f, ".{first}"))?;
        self.without.iter().try_for_each(|name| write!(f, "~{}", utf8_percent_encode(name, &ESCAPED)))
    }
}

/// The text is no valid cursor.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('~');
        let has = parts.next().filter(|_| text.len() <= MAX_LEN).ok_or(InvalidCursor)?;
        let (epoch, rest) = has.split_once('.').ok_or(InvalidCursor)?;
        let (position, first) = rest.split_once('.').map_or((rest, None), |(at, first)| (at, Some(first)));
        let first = first.map(str::parse).transpose().map_err(|_| InvalidCursor)?;
        let name = |part: &str| percent_decode_str(part).decode_utf8().map(Cow::into_owned);
        let without = parts.map(name).collect::<Result<_, _>>().map_err(|_| InvalidCursor)?;
        Ok(Self { first, without, ..Self::new(epoch, &position.parse().map_err(|_| InvalidCursor)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_round_trips() {
        for text in [
            "6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59.806-803",
            "a.1",
            "a.7_0000002a",
            "a.7_1f2e3d4c.3~x",
            "a.1.3",
            "a.1~members",
            "a.1.3~x~y",
            "a.1~Order%20Details~a%7Eb%22",
        ] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "x",
            "a.b",
            ".",
            "a.5-9",
            "a.5.",
            "a.5.x",
            "a.5.-1",
            "a.5.1.2",
            &format!("a.{}", "9-".repeat(2000)),
            "~members",
            "a~members.1",
            &format!("a.1~{}", "x".repeat(8000)),
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
