//! Where in the change log a client is; opaque to it.

use std::{fmt, str::FromStr};

use super::position::Position;

/// Longer ones were not given by us.
const MAX_LEN: usize = 8000;

/// A position, and the epoch in which it means something: `<uuid>.<position>`, or `<uuid>.<position>.<first>`; behind that `~<name>` for
/// each collection that its client has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) epoch: String,
    pub(super) position: Position,
    /// Snapshots come one after another, and the connection may be lost between two of them. With a cursor of one that is not
    /// the last, a client has only the first so many collections.
    pub(super) first: Option<usize>,
    /// Collections that are withheld, by their names. A node that does send them sends them whole to whoever comes with this.
    pub(super) without: Vec<String>,
}

impl Cursor {
    /// Of somebody who has everything up to there.
    pub(super) fn new(epoch: &str, position: &Position) -> Self {
        Self { epoch: epoch.to_owned(), position: position.clone(), first: None, without: Vec::new() }
    }

    /// Of somebody who has only the first so many collections.
    pub(super) fn after(&self, first: usize) -> Self {
        Self { first: Some(first), ..self.clone() }
    }

    /// Of somebody who has not these collections either.
    pub(super) fn lacking<'a>(&self, names: impl Iterator<Item = &'a str>) -> Self {
        let mut cursor = self.clone();
        cursor.without.extend(names.map(str::to_owned));
        cursor
    }

    /// The same of somebody who has all.
    pub(super) fn without_missing(&self) -> Self {
        Self { without: Vec::new(), ..self.clone() }
    }

    /// Whether its client has not this collection.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.without.iter().any(|without| without == name)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.position)?;
        self.first.map_or(Ok(()), |first| write!(f, ".{first}"))?;
        self.without.iter().try_for_each(|name| write!(f, "~{name}"))
    }
}

/// Not one of ours.
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
        let without = parts.map(str::to_owned).collect();
        Ok(Self { first, without, ..Self::new(epoch, &position.parse().map_err(|_| InvalidCursor)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_was_written() {
        for text in
            ["6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59.806-803", "a.1", "a.1.3", "a.1~members", "a.1.3~x~y"]
        {
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
