//! Names and texts in SQL.

use sha2::{Digest, Sha256};

use crate::catalog::QualifiedName;

/// A name in quotes, which is exact on both databases.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name with its schema, in quotes.
pub(super) fn qualified(name: &QualifiedName) -> String {
    format!("{}.{}", quoted(&name.schema), quoted(&name.name))
}

/// A text in quotes. On PostgreSQL a backslash has the same meaning only in an escape string, because
/// `standard_conforming_strings` is a setting of each session.
pub(super) fn postgres_text(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    match text.contains('\\') {
        true => format!("e'{}'", doubled.replace('\\', "\\\\")),
        false => format!("'{doubled}'"),
    }
}

/// A text in quotes, on SQLite.
pub(super) fn sqlite_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The body of a function in dollar quotes that do not occur in it.
pub(super) fn dollar_quoted(body: &str) -> String {
    let tag = (0..).map(|n| format!("$rowcast{n}$")).find(|tag| !body.contains(tag.as_str()));
    let tag = tag.unwrap_or_default();
    format!("{tag}{body}{tag}")
}

/// Replaces placeholders such as `{name}`, but not in what replaces them.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        filled.push_str(before);
        let found = values.iter().find_map(|(name, value)| {
            let after = after.strip_prefix('{')?.strip_prefix(name)?.strip_prefix('}')?;
            Some((value, after))
        });
        let (text, after) = found.map_or(("{", &after[1..]), |(value, after)| (*value, after));
        filled.push_str(text);
        rest = after;
    }
    filled + rest
}

/// The part of a name that stands for a table: short, of safe characters, and different for different tables.
pub(super) fn hash(table: &QualifiedName) -> String {
    let digest = Sha256::digest(format!("{}\0{}", table.schema, table.name));
    hex::encode(&digest[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_so_that_they_end_where_they_should() {
        assert_eq!(quoted("a \"b\""), "\"a \"\"b\"\"\"");
        assert_eq!(postgres_text("it's"), "'it''s'");
        assert_eq!(postgres_text("a\\'b"), "e'a\\\\''b'");
        assert_eq!(sqlite_text("a\\'b"), "'a\\''b'");
        assert_eq!(dollar_quoted("x $rowcast0$ y"), "$rowcast1$x $rowcast0$ y$rowcast1$");
    }

    #[test]
    fn placeholders_in_values_are_kept() {
        let values = [("a", "{b}"), ("b", "{a}")];
        assert_eq!(fill("x {a} {b} {c} {", &values), "x {b} {a} {c} {");
        assert_eq!(fill("none", &values), "none");
    }

    #[test]
    fn hash_distinguishes_where_the_dot_is() {
        let (one, other) = (QualifiedName::new("a.b", "c"), QualifiedName::new("a", "b.c"));
        assert_ne!(hash(&one), hash(&other));
        assert_eq!(hash(&one).len(), 16);
    }
}
