//! What stands in `#[collection(…)]`, on the struct and on its fields.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Expr, Ident, LitStr, Path, Token, Type, meta::ParseNestedMeta, parenthesized, spanned::Spanned,
};

/// Of the struct.
#[derive(Default)]
pub(crate) struct OfStruct {
    pub(crate) plural: Option<Ident>,
    pub(crate) noun: Option<LitStr>,
    pub(crate) update: Option<LitStr>,
    pub(crate) rows: Option<Path>,
    pub(crate) save_join_rows: Option<Path>,
    pub(crate) embeds: Option<Expr>,
    pub(crate) listed: bool,
    /// Columns that clients are not shown: name and type.
    pub(crate) hidden: Vec<(Ident, Type)>,
}

/// Of a field.
#[derive(Default)]
pub(crate) struct OfField {
    pub(crate) example: Option<Expr>,
    pub(crate) payload: Option<LitStr>,
    pub(crate) validate: Vec<TokenStream>,
    pub(crate) schema: Vec<TokenStream>,
    /// The type that the schema shows in the place of the field's own.
    pub(crate) schema_with: Option<LitStr>,
    pub(crate) read: Option<Path>,
    pub(crate) unique: bool,
    pub(crate) as_number: bool,
    pub(crate) read_only: bool,
    pub(crate) optional: bool,
    pub(crate) references: Option<Type>,
    pub(crate) links: Option<Type>,
    pub(crate) column: Option<Ident>,
}

const ON_STRUCT: &str = "expected plural, noun, update, rows, save_join_rows, embeds, listed or hidden";
const ON_FIELD: &str = "expected example, payload, validate, schema, schema_with, read, unique, as_number, read_only, \
    optional, references, links or column";

impl OfStruct {
    pub(crate) fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut found = Self::default();
        each(attributes, |meta| {
            match name(&meta).as_str() {
                "plural" => found.plural = Some(meta.value()?.parse()?),
                "noun" => found.noun = Some(meta.value()?.parse()?),
                "update" => found.update = Some(meta.value()?.parse()?),
                "rows" => found.rows = Some(meta.value()?.parse()?),
                "save_join_rows" => found.save_join_rows = Some(meta.value()?.parse()?),
                "embeds" => found.embeds = Some(meta.value()?.parse()?),
                "listed" => found.listed = true,
                "hidden" => {
                    let inner;
                    parenthesized!(inner in meta.input);
                    let column: Ident = inner.parse()?;
                    inner.parse::<Token![:]>()?;
                    found.hidden.push((column, inner.parse()?));
                }
                _ => return Err(meta.error(ON_STRUCT)),
            }
            Ok(())
        })?;
        Ok(found)
    }
}

impl OfField {
    pub(crate) fn read(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut found = Self::default();
        each(attributes, |meta| {
            match name(&meta).as_str() {
                "example" => found.example = Some(meta.value()?.parse()?),
                "payload" => found.payload = Some(meta.value()?.parse()?),
                "validate" => found.validate.push(inner(&meta)?),
                "schema" => found.schema.push(inner(&meta)?),
                "schema_with" => found.schema_with = Some(meta.value()?.parse()?),
                "read" => found.read = Some(meta.value()?.parse()?),
                "unique" => found.unique = true,
                "as_number" => found.as_number = true,
                "read_only" => found.read_only = true,
                "optional" => found.optional = true,
                "references" => found.references = Some(meta.value()?.parse()?),
                "links" => found.links = Some(meta.value()?.parse()?),
                "column" => found.column = Some(meta.value()?.parse()?),
                _ => return Err(meta.error(ON_FIELD)),
            }
            Ok(())
        })?;
        Ok(found)
    }
}

fn each(
    attributes: &[Attribute],
    mut read: impl FnMut(ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    let ours = attributes.iter().filter(|attribute| attribute.path().is_ident("collection"));
    ours.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(&mut read))
}

fn name(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

/// What stands in the parentheses behind a name, as it is.
fn inner(meta: &ParseNestedMeta<'_>) -> syn::Result<TokenStream> {
    let inner;
    parenthesized!(inner in meta.input);
    let tokens: TokenStream = inner.parse()?;
    if tokens.is_empty() {
        Err(syn::Error::new(meta.path.span(), "nothing stands in it"))
    } else {
        Ok(tokens)
    }
}
