//! Patterns of names, such as `django_*`.

/// Whether a name matches a pattern, in which `*` stands for any text. Case matters.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_matches_any_text() {
        for (pattern, name) in [
            ("a", "a"),
            ("a*", "a"),
            ("*", ""),
            ("*_old", "x_old"),
            ("a*b*c", "aXbYbc"),
            ("*é*", "café"),
            ("**", "x"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a", "ab"),
            ("", "a"),
            ("a*", "b"),
            ("a*a", "a"),
            ("*_old", "old"),
            ("a*b*c", "abXb"),
            ("A*", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
