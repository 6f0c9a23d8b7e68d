//! Mistakes in the files of a project.

use std::fmt;

use crate::catalog::Table;

/// A mistake in a file. Its `Display` is `rowcast.toml:12: …`, with a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file, relative to the project's folder.
    pub file: String,
    /// The line, counted from 1, if it is known.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub sentence: String,
}

impl Mistake {
    pub(super) fn new(file: &str, line: impl Into<Option<usize>>, sentence: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: line.into(), sentence: sentence.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.sentence),
            None => write!(f, "{}: {}", self.file, self.sentence),
        }
    }
}

impl std::error::Error for Mistake {}

/// The line of a position in a text, counted from 1.
pub(super) fn line_of(text: &str, position: usize) -> usize {
    let before = text.as_bytes().get(..position).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// A sentence's end that names the candidate that `name` most likely misspells; empty if there is none.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let near = rowcast_schema::suggest(name, candidates);
    near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"))
}

/// That a table has no such column, and the one that is most likely meant.
pub(super) fn no_column(table: &Table, column: &str) -> String {
    let known = table.columns.iter().map(|column| &*column.name);
    let near = did_you_mean(column, known.clone());
    let rest = if near.is_empty() { format!("; it has {}", list(&known.collect::<Vec<_>>())) } else { near };
    format!("`{}` has no column `{column}`{rest}", table.name.name)
}

/// A list in prose, such as "`a`, `b` and `c`".
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.as_slice() {
        [] => "none".into(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistake_shows_file_and_line() {
        assert_eq!(Mistake::new("rowcast.toml", 12, "no.").to_string(), "rowcast.toml:12: no.");
        assert_eq!(Mistake::new("migrations", None, "no.").to_string(), "migrations: no.");
    }

    #[test]
    fn line_of_position_is_counted_from_one() {
        let lines = [0, 1, 2, 4, 99].map(|position| line_of("a\nä\n", position));
        assert_eq!(lines, [1, 1, 2, 2, 3]);
    }

    #[test]
    fn list_reads_as_prose() {
        assert_eq!(list::<&str>(&[]), "none");
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
