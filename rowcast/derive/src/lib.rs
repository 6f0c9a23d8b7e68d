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
//! `model` reads the struct, `generate` writes the four. The attributes are described at `rowcast::Collection`.

mod attributes;
mod generate;
mod model;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives a collection from the struct of its row.
#[proc_macro_derive(Collection, attributes(collection))]
pub fn collection(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let made = model::Row::read(&input).map(|row| generate::all(&row));
    made.unwrap_or_else(syn::Error::into_compile_error).into()
}
