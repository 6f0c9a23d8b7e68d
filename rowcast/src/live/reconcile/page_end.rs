//! The ends of the pages that are compared.

use crate::key::{Key, KeyRef};

/// The end of a page, in the order of the pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PageEnd {
    /// The page ends with this key, whether or not a row still has it.
    Key(Key),
    /// The page contains all further rows.
    Open,
}

impl PageEnd {
    /// Whether a key is not after the end.
    pub(super) fn includes(&self, key: KeyRef<'_>) -> bool {
        match self {
            Self::Key(end) => key <= end.as_key_ref(),
            Self::Open => true,
        }
    }

    /// The bounds of the page after a key, from the first number to the second; none if another key bounds the page.
    /// After the greatest number it has that number, although no row can follow it.
    pub(super) fn number_bounds(&self, after: Option<&Key>) -> Option<(i64, i64)> {
        let end = match self {
            Self::Key(end) => end.as_number()?,
            Self::Open => i64::MAX,
        };
        let start = match after {
            Some(after) => after.as_number()?.saturating_add(1),
            None => i64::MIN,
        };
        Some((start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_page_is_the_last_and_includes_all_keys() {
        let ends = [PageEnd::Key(7.into()), PageEnd::Key("a".into()), PageEnd::Open];
        assert!(ends.is_sorted());
        let included = |end: &PageEnd| {
            [7.into(), 8.into(), "a".into()].each_ref().map(|key: &Key| end.includes(key.as_key_ref()))
        };
        assert_eq!(ends.each_ref().map(included), [[true, false, false], [true; 3], [true; 3]]);
    }

    #[test]
    fn only_numbers_have_bounds() {
        let (seven, text) = (Key::from(7), Key::from("a"));
        assert_eq!(PageEnd::Open.number_bounds(None), Some((i64::MIN, i64::MAX)));
        assert_eq!(PageEnd::Key(9.into()).number_bounds(Some(&seven)), Some((8, 9)));
        assert_eq!(PageEnd::Open.number_bounds(Some(&text)), None);
        assert_eq!(PageEnd::Key(text).number_bounds(None), None);
    }
}
