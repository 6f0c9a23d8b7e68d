//! The event that a client probably meant.
//!
//! ```text
//! create_task, tasks:create, createTask ─▶ verb `new`, noun `task` ─▶ new_task
//! new_tsak ─▶ fewest edits ─▶ new_task
//! ```

use rowcast_schema::suggest;

use crate::{project, registry::Registry};

/// Longer names are no mistakes, and would cost time.
const MAX_LEN: usize = 60;

/// The verbs of events, each with those that other APIs use for it.
const VERBS: [(&str, &[&str]); 5] = [
    ("new", &["new", "create", "add", "insert", "make", "post"]),
    ("update", &["update", "edit", "change", "modify", "patch", "set", "put"]),
    ("delete", &["delete", "remove", "destroy", "drop"]),
    ("get", &["get", "find", "read", "fetch", "show"]),
    ("list", &["list", "all", "query", "search", "select", "index"]),
];

/// The known event that a name most likely means, by its verb and noun, or else by its letters. `more` are events
/// beside those of the registry.
pub(super) fn nearest_event(registry: &Registry, more: &[&'static str], name: &str) -> Option<&'static str> {
    let by_letters = |name: &str| suggest(name, registry.events().chain(more.iter().copied()));
    if name.len() > MAX_LEN {
        return None;
    }
    by_words(registry, name).or_else(|| by_letters(name))
}

fn by_words(registry: &Registry, name: &str) -> Option<&'static str> {
    let words = words(name);
    let (first, last) = (words.first()?, words.last()?);
    let verb = |word: &str| VERBS.iter().find(|(_, others)| others.contains(&word)).map(|(verb, _)| *verb);
    let (verb, noun) = match (verb(first), verb(last)) {
        (Some(verb), _) => (verb, &words[1..]),
        (None, Some(verb)) => (verb, &words[..words.len() - 1]),
        (None, None) => return None,
    };
    let noun = noun.join("_");
    let singular = project::singular(&noun);
    let is_meant = |of: &str| [&*noun, &*singular].contains(&&*self::words(of).join("_"));
    let mut collections = registry.collections().iter();
    let meant = collections.find(|meant| is_meant(meant.name()) || is_meant(meant.singular()))?;
    let of = if verb == "list" { meant.name() } else { meant.singular() };
    registry.route(&format!("{verb}_{of}")).map(|(event, _)| event)
}

/// The words of a name in small letters: between punctuation, and at capital letters after small ones.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_split_at_punctuation_and_capitals() {
        for (name, expected) in [
            ("create_task", &["create", "task"][..]),
            ("createOrderLine", &["create", "order", "line"]),
            ("Order Details:LIST", &["order", "details", "list"]),
            ("__", &[]),
            ("", &[]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }
}
