//! `#[derive(Collection)]`: everything that follows from the struct of a row.
//!
//! ```text
//! struct Gym { id, name, capacity, version }
//!   ├─▶ mod gym          the table, as a SeaORM entity
//!   ├─▶ NewGym           the payload of new_gym: what it takes, its rules and its form
//!   ├─▶ UpdateGym        the payload of update_gym; absent fields keep their value
//!   └─▶ Gyms             the collection: payloads into changesets, table rows into rows
//! ```
//!
//! `model` reads the struct, `generate` writes the four. `collection.md` describes the attributes; it is the
//! documentation of the derive, and `rowcast` compiles its example.

mod attributes;
mod generate;
mod model;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

// The example needs `rowcast`, which compiles it among its own.
#[cfg_attr(not(doctest), doc = include_str!("collection.md"))]
#[proc_macro_derive(Collection, attributes(collection))]
pub fn collection(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let made = model::Row::read(&input).map(|row| generate::all(&row));
    made.unwrap_or_else(syn::Error::into_compile_error).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may")]

    use super::*;

    const DOCS: &str = include_str!("../../../docs/derived-collection.md");

    fn blocks() -> Vec<&'static str> {
        DOCS.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
    }

    fn derived(source: &str) -> Result<String, String> {
        let row = model::Row::read(&syn::parse_str(source).unwrap()).map_err(|error| error.to_string())?;
        let made = generate::all(&row);
        Ok(prettyplease::unparse(&syn::parse2(made).unwrap()))
    }

    #[test]
    fn derived_code_matches_docs() {
        let [source, expected] = blocks()[..] else {
            panic!("the page shows a struct and what is derived from it")
        };
        let made = derived(source).unwrap();
        assert!(made == expected, "docs/derived-collection.md should show:\n{made}");
    }

    #[test]
    fn invalid_row_is_explained_in_error() {
        let row = |fields: &str| format!("#[collection(plural = Gyms)] struct Gym {{ {fields} }}");
        for (source, sentence) in [
            ("struct Gym { id: i64 }".to_owned(), "say what its collection is called"),
            (row("version: i64"), "a row has a field `id: i64`"),
            (row("id: i32, version: i64"), "`id` is an i64"),
            (row("id: i64, version: i64, open: f32"), "a field is a String, an i64"),
            (row("id: i64, version: i64, #[collection(colour)] name: String"), "expected example, payload"),
            ("#[collection(plural = Gyms)] enum Gym { A }".to_owned(), "a row is a struct"),
        ] {
            let error = derived(&source).unwrap_err();
            assert!(error.contains(sentence), "{source}: {error}");
        }
        let without = derived(&row("id: i64, version: i64, name: String")).unwrap();
        assert!(without.contains("give an example"), "{without}");
    }
}
