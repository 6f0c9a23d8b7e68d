//! Names of types made of names in a database, and names that collections cannot have.

use std::collections::BTreeSet;

use icu_properties::{
    CodePointSetData,
    props::{IdContinue, IdStart},
};

use super::RESERVED;

/// The start of names that would not start with a letter.
const TABLE: &str = "Table";

/// Types of TypeScript that the output uses.
const GLOBAL: [&str; 1] = ["Record"];

/// Words that cannot name a type.
const KEYWORDS: &str = "any as asserts async await bigint boolean break case catch class const continue debugger default \
    delete do else enum export extends false finally for from function if implements import in infer instanceof interface \
    is keyof let module never new null number object of package private protected public readonly return static string \
    super switch symbol this throw true try type typeof undefined unique unknown using var void while with yield";

/// Events that the server emits whatever the collections, and those of `socket.io-client` itself. `cursor` is a field
/// beside the collections in `changes`.
const EVENTS: [&str; 14] = [
    "authored",
    "changes",
    "connect",
    "connect_error",
    "connected",
    "cursor",
    "disconnect",
    "disconnecting",
    "newListener",
    "part",
    "removeListener",
    "schema",
    "signed_out",
    "withheld",
];

/// Whether a collection cannot have this name, because it has another meaning on the wire.
#[must_use]
pub fn is_reserved(plural: &str) -> bool {
    EVENTS.contains(&plural) || plural.is_empty() || plural == super::hash::REST_BESIDE_EVENTS
}

/// Whether TypeScript accepts the name of a type. Characters beyond U+FFFF, which not all targets accept, are refused.
#[must_use]
pub fn is_type_name(name: &str) -> bool {
    let plain = |c: char| c == '_' || c == '$';
    name.starts_with(|c| is_start(c) || plain(c))
        && name.chars().all(|c| is_continue(c) || plain(c))
        && !KEYWORDS.split_whitespace().any(|keyword| keyword == name)
}

/// The name in Pascal case, without characters that TypeScript does not accept in the name of a type: `order details`
/// → `OrderDetails`. Capitals alone are no words: `ORDER_DETAILS` is the same.
pub(super) fn pascal(name: &str) -> String {
    let shouted = !name.chars().any(char::is_lowercase);
    let mut all = String::new();
    for word in name.split(|c| c == '_' || !is_continue(c)) {
        let mut letters = word.chars();
        all.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        match shouted {
            true => all.extend(letters.flat_map(char::to_lowercase)),
            false => all.push_str(letters.as_str()),
        }
    }
    all.retain(is_continue);
    if all.starts_with(is_start) { all } else { format!("{TABLE}{all}") }
}

fn is_start(c: char) -> bool {
    is_basic(c) && CodePointSetData::new::<IdStart>().contains(c)
}

fn is_continue(c: char) -> bool {
    is_basic(c) && CodePointSetData::new::<IdContinue>().contains(c)
}

fn is_basic(c: char) -> bool {
    c <= '\u{ffff}'
}

/// Names of types that are taken.
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Those of the output itself, and these.
    pub(super) fn new<'a>(types: impl IntoIterator<Item = &'a String>) -> Self {
        let own = RESERVED.into_iter().chain(GLOBAL).map(ToOwned::to_owned);
        Self(own.chain(types.into_iter().cloned()).collect())
    }

    /// Takes the names that `family` makes of a base, or of the base with the first number that leaves all of them free.
    pub(super) fn take<const N: usize>(
        &mut self,
        base: &str,
        family: impl Fn(&str, &str) -> [String; N],
    ) -> [String; N] {
        let mut number = 1_usize;
        loop {
            let suffix = if number == 1 { String::new() } else { number.to_string() };
            let names = family(base, &suffix);
            if names.iter().all(|name| !self.0.contains(name)) {
                self.0.extend(names.iter().cloned());
                return names;
            }
            number += 1;
        }
    }

    /// Takes one name.
    pub(super) fn take_one(&mut self, base: &str) -> String {
        let [name] = self.take(base, |base, number| [format!("{base}{number}")]);
        name
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn name_of_table_becomes_pascal_case() {
        for (name, expected) in [
            ("customer", "Customer"),
            ("order_detail", "OrderDetail"),
            ("Order Detail", "OrderDetail"),
            ("OrderDetail", "OrderDetail"),
            ("ORDER_DETAIL", "OrderDetail"),
            ("dbo.order-detail", "DboOrderDetail"),
            ("class", "Class"),
            ("__proto__", "Proto"),
            ("größe", "Größe"),
            ("ßeta", "SSeta"),
            ("订单", "订单"),
            ("2024 order", "Table2024Order"),
            ("\u{301}a", "Table\u{301}a"),
            ("", "Table"),
            ("$", "Table"),
            ("👍", "Table"),
            ("a\"b\\c\n", "ABC"),
        ] {
            assert_eq!(pascal(name), expected, "{name}");
        }
    }

    #[test]
    fn taken_name_gets_a_number() {
        let mut names = Names::new([&"Coach".to_owned()]);
        for (base, expected) in [
            ("Coach", "Coach2"),
            ("Schema", "Schema2"),
            ("Record", "Record2"),
            ("Gym", "Gym"),
            ("Gym", "Gym2"),
        ] {
            assert_eq!(names.take_one(base), expected);
        }
    }

    #[test]
    fn keyword_is_no_type_name() {
        for name in ["Settings", "_a", "$b", "Größe"] {
            assert!(is_type_name(name), "{name}");
        }
        for name in ["", "string", "class", "2a", "A[]", "A.B", "A B", "\u{20bb7}"] {
            assert!(!is_type_name(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_becomes_a_type_name(name in any::<String>()) {
            let name = pascal(&name);
            prop_assert!(is_type_name(&name), "{:?}", name);
        }

        #[test]
        fn names_of_any_tables_are_unique(tables in proptest::collection::vec("[aA_ 1$]{0,4}", 0..40)) {
            let mut names = Names::new([]);
            let mut seen = BTreeSet::new();
            for table in tables {
                for name in names.take(&pascal(&table), |base, number| [format!("{base}{number}"), format!("New{base}{number}")]) {
                    prop_assert!(seen.insert(name.clone()), "{}", name);
                }
            }
        }
    }
}
