//! Names of collections and events.
//!
//! A collection is called as its table, whatever that is, and its events after the singular. The last word of the name
//! is singularised: `order_details` has `new_order_detail`. A name that is singular or uncountable stays as it is, and so
//! does a word that is not English.

use super::CollectionSettings;

/// Words of this length are singularised: shorter ones are abbreviations, and longer ones no words.
const WORD_LENGTH: std::ops::RangeInclusive<usize> = 3..=40;

/// The name of a table's collection, and the singular for its events.
#[must_use]
pub fn names(table: &str, settings: Option<&CollectionSettings>) -> (String, String) {
    let name = settings.and_then(|settings| settings.name.clone()).unwrap_or_else(|| table.to_owned());
    let given = settings.and_then(|settings| settings.singular.clone());
    let singular = given.unwrap_or_else(|| singular(&name));
    (name, singular)
}

/// The singular of a name.
pub(crate) fn singular(name: &str) -> String {
    let (before, word) = name.split_at(last_word(name));
    if !WORD_LENGTH.contains(&word.len()) || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return name.to_owned();
    }
    let found = pluralizer::pluralize(&word.to_ascii_lowercase(), 1, false);
    if found.is_empty() {
        return name.to_owned();
    }
    format!("{before}{}", with_case_of(word, &found))
}

/// The start of the last word: after a space or punctuation, or at a capital letter after a small one.
fn last_word(name: &str) -> usize {
    let mut start = 0;
    let mut before = ' ';
    for (at, letter) in name.char_indices() {
        let begins = !before.is_alphanumeric() || (letter.is_uppercase() && !before.is_uppercase());
        if letter.is_alphanumeric() && begins {
            start = at;
        }
        before = letter;
    }
    start
}

fn with_case_of(word: &str, found: &str) -> String {
    let is_upper = |letters: &str| letters.bytes().all(|byte| byte.is_ascii_uppercase());
    match word.split_at(1) {
        _ if is_upper(word) => found.to_ascii_uppercase(),
        (first, _) if is_upper(first) => {
            let mut letters = found.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
        }
        _ => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn singular_is_that_of_the_last_word() {
        for (table, expected) in [
            ("customers", "customer"),
            ("order_details", "order_detail"),
            ("Order Details", "Order Detail"),
            ("OrderDetails", "OrderDetail"),
            ("ORDER_DETAILS", "ORDER_DETAIL"),
            ("employee-territories", "employee-territory"),
            ("Categories", "Category"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("statuses", "status"),
            ("people", "person"),
            ("mice", "mouse"),
            ("children", "child"),
            ("Sales_People", "Sales_Person"),
        ] {
            assert_eq!(names(table, None), (table.into(), expected.into()));
        }
    }

    #[test]
    fn name_that_is_no_plural_is_its_own_singular() {
        for table in [
            "album",
            "Album",
            "MediaType",
            "sheep",
            "news",
            "status",
            "series",
            "address",
            "analysis",
            "us",
            "_",
            "",
            "café",
            "größen",
            "テーブル",
            "orders2",
            "orders_",
            "x's",
        ] {
            assert_eq!(names(table, None).1, table);
        }
    }

    #[test]
    fn settings_name_collection_and_singular() {
        let mut settings = CollectionSettings::of("tbl_cust");
        settings.name = Some("customers".into());
        assert_eq!(names("tbl_cust", Some(&settings)), ("customers".into(), "customer".into()));
        settings.singular = Some("client".into());
        assert_eq!(names("tbl_cust", Some(&settings)), ("customers".into(), "client".into()));
    }

    proptest! {
        #[test]
        fn singular_is_never_empty_and_keeps_the_words_before(name in "\\PC+|[a-zA-Z_ ]{1,60}|\\w{1,9}s") {
            let (collection, singular) = names(&name, None);
            prop_assert_eq!(&collection, &name);
            prop_assert!(!singular.is_empty());
            prop_assert!(singular.starts_with(&name[..last_word(&name)]));
        }
    }
}
