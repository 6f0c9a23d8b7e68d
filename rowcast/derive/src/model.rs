//! The struct of a row, as far as a collection follows from it.

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Expr, Fields, GenericArgument, Ident, Lit, PathArguments, Type};

use crate::attributes::{OfField, OfStruct};

/// A row.
pub(crate) struct Row {
    pub(crate) visibility: syn::Visibility,
    /// `Gym`.
    pub(crate) name: Ident,
    /// `gym`.
    pub(crate) singular: String,
    /// `Gyms`.
    pub(crate) collection: Ident,
    /// `gyms`.
    pub(crate) plural: String,
    /// `a gym`.
    pub(crate) noun: String,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) of: OfStruct,
    /// All but `id` and `version`.
    pub(crate) fields: Vec<Field>,
}

/// A field of a row.
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) of: OfField,
    pub(crate) value: Kind,
    pub(crate) nullable: bool,
}

/// What a payload has in the place of the field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    /// A number with a fraction.
    Number,
    Boolean,
    /// The id of another row.
    Reference,
    /// Ids of other rows, in order, kept in a table of their own.
    Links,
}

impl Row {
    pub(crate) fn read(input: &DeriveInput) -> syn::Result<Self> {
        let of = OfStruct::read(&input.attrs)?;
        let at = |sentence: &str| syn::Error::new_spanned(&input.ident, sentence);
        let Data::Struct(data) = &input.data else { return Err(at("a row is a struct")) };
        let Fields::Named(named) = &data.fields else { return Err(at("a row has fields with names")) };
        let Some(collection) = of.plural.clone() else {
            return Err(at("say what its collection is called: #[collection(plural = Gyms)]"));
        };
        for required in ["id", "version"] {
            let field =
                named.named.iter().find(|field| field.ident.as_ref().is_some_and(|name| name == required));
            let is_number = |field: &syn::Field| field.ty.to_token_stream().to_string() == "i64";
            match field {
                None => return Err(at(&format!("a row has a field `{required}: i64`"))),
                Some(field) if !is_number(field) => {
                    return Err(syn::Error::new_spanned(&field.ty, format!("`{required}` is an i64")));
                }
                Some(_) => {}
            }
        }
        let is_own = |field: &&syn::Field| !matches!(named_as(field).as_str(), "id" | "version");
        let fields = named.named.iter().filter(is_own).map(Field::read).collect::<syn::Result<Vec<_>>>()?;
        let singular = input.ident.to_string().to_snake_case();
        let noun = of.noun.as_ref().map_or_else(|| noun(&singular), syn::LitStr::value);
        Ok(Self {
            visibility: input.vis.clone(),
            name: input.ident.clone(),
            plural: collection.to_string().to_snake_case(),
            singular,
            collection,
            noun,
            docs: docs(&input.attrs),
            of,
            fields,
        })
    }

    /// Fields that have a column in the table.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.value != Kind::Links)
    }

    /// Fields that payloads may have.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.of.read_only)
    }

    pub(crate) fn payload(&self, verb: &str) -> Ident {
        format_ident!("{verb}{}", self.name)
    }

    /// The payload of `new_…` in the docs and tests.
    pub(crate) fn example(&self) -> syn::Result<String> {
        let fields: syn::Result<Vec<String>> = self.written().map(Field::example).collect();
        Ok(format!("{{{}}}", fields?.join(", ")))
    }

    /// The payload of `update_…`, without an id.
    pub(crate) fn update_example(&self) -> syn::Result<String> {
        if let Some(update) = &self.of.update {
            return Ok(update.value());
        }
        let first = self.written().next().map(Field::example).transpose()?;
        Ok(format!("{{{}}}", first.unwrap_or_default()))
    }
}

impl Field {
    fn read(field: &syn::Field) -> syn::Result<Self> {
        let of = OfField::read(&field.attrs)?;
        let name = field.ident.clone().ok_or_else(|| syn::Error::new_spanned(field, "a field has a name"))?;
        let inner = within(&field.ty, "Option");
        let (nullable, plain) = (inner.is_some(), inner.unwrap_or(&field.ty));
        let value = match plain.to_token_stream().to_string().as_str() {
            _ if of.links.is_some() => Kind::Links,
            _ if of.references.is_some() => Kind::Reference,
            "String" => Kind::Text,
            "i64" => Kind::Integer,
            "f64" => Kind::Number,
            "bool" => Kind::Boolean,
            _ => {
                let sentence = "a field is a String, an i64, an f64, a bool, an Option of these, or says what it refers to: \
                    #[collection(references = Members)]";
                return Err(syn::Error::new_spanned(&field.ty, sentence));
            }
        };
        Ok(Self { name, ty: field.ty.clone(), docs: docs(&field.attrs), of, value, nullable })
    }

    /// The column's name in the table.
    pub(crate) fn column(&self) -> Ident {
        self.of.column.clone().unwrap_or_else(|| self.name.clone())
    }

    /// The variant of the entity's `Column`.
    pub(crate) fn variant(&self) -> Ident {
        format_ident!("{}", self.column().to_string().to_upper_camel_case())
    }

    /// The column's type in the model.
    pub(crate) fn stored(&self) -> TokenStream {
        match (self.value, self.nullable) {
            (Kind::Boolean, false) => quote!(::rowcast::collection::Boolean),
            (Kind::Boolean, true) => quote!(Option<::rowcast::collection::Boolean>),
            _ => self.payload_type(),
        }
    }

    /// The field's type in a payload that has the field.
    pub(crate) fn payload_type(&self) -> TokenStream {
        let plain = match self.value {
            Kind::Text => quote!(String),
            Kind::Number => quote!(f64),
            Kind::Boolean => quote!(bool),
            Kind::Integer | Kind::Reference => quote!(i64),
            Kind::Links => quote!(Vec<i64>),
        };
        if self.nullable { quote!(Option<#plain>) } else { plain }
    }

    /// How a form is read for it.
    pub(crate) fn reader(&self) -> TokenStream {
        if let Some(read) = &self.of.read {
            return quote!(#read);
        }
        let form = quote!(::rowcast::schema::Form);
        match (self.value, self.nullable) {
            (Kind::Text, false) => quote!(#form::text),
            (Kind::Text, true) => quote!(#form::nullable_text),
            (Kind::Integer, false) => quote!(#form::integer),
            (Kind::Integer, true) => quote!(#form::nullable_integer),
            (Kind::Number, false) => quote!(#form::number),
            (Kind::Number, true) => quote!(#form::nullable_number),
            (Kind::Boolean, false) => quote!(#form::boolean),
            (Kind::Boolean, true) => quote!(#form::nullable_boolean),
            (Kind::Reference, false) => quote!(#form::reference),
            (Kind::Reference, true) => quote!(#form::nullable_reference),
            (Kind::Links, _) => quote!(#form::references),
        }
    }

    fn example(&self) -> syn::Result<String> {
        let value = match (&self.of.example, self.value) {
            (Some(Expr::Lit(example)), Kind::Reference | Kind::Links) => match &example.lit {
                Lit::Str(json) => json.value(),
                other => return Err(syn::Error::new_spanned(other, "an example of rows is JSON as text")),
            },
            (Some(example), _) => json(example)?,
            (None, Kind::Reference) => r#"{"id": 1}"#.to_owned(),
            (None, Kind::Links) => r#"[{"id": 1}]"#.to_owned(),
            (None, _) if self.nullable => "null".to_owned(),
            (None, _) => {
                return Err(syn::Error::new_spanned(
                    &self.name,
                    "give an example: #[collection(example = …)]",
                ));
            }
        };
        Ok(format!("\"{}\": {value}", self.name))
    }
}

/// A value in an attribute as JSON: text, a number, a boolean, or `null`.
fn json(example: &Expr) -> syn::Result<String> {
    match example {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Ok(format!("{:?}", text.value())),
            Lit::Int(number) => Ok(number.base10_digits().to_owned()),
            Lit::Float(number) => Ok(number.base10_digits().to_owned()),
            Lit::Bool(flag) => Ok(flag.value.to_string()),
            other => Err(syn::Error::new_spanned(other, "an example is text, a number, a boolean or null")),
        },
        Expr::Path(path) if path.path.is_ident("null") => Ok("null".to_owned()),
        other => Err(syn::Error::new_spanned(other, "an example is text, a number, a boolean or null")),
    }
}

/// `T` of an `Option<T>`.
fn within<'a>(ty: &'a Type, outer: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == outer)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

fn named_as(field: &syn::Field) -> String {
    field.ident.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn docs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect()
}

/// `a gym`, `an exercise move`.
fn noun(singular: &str) -> String {
    let article = if singular.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {}", singular.replace('_', " "))
}
