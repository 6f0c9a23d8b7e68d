//! What is made of a row: its table, its payloads, its collection.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::model::{Field, Kind, Row};

/// All of it.
pub(crate) fn all(row: &Row) -> TokenStream {
    let made = || -> syn::Result<TokenStream> {
        let (table, new, update) = (table(row), new(row)?, update(row)?);
        let collection = collection(row)?;
        Ok(quote!(#table #new #update #collection))
    };
    made().unwrap_or_else(syn::Error::into_compile_error)
}

/// The table, as a SeaORM entity in a module of its own.
fn table(row: &Row) -> TokenStream {
    let (module, visibility, plural) = (format_ident!("{}", row.singular), &row.visibility, &row.plural);
    let fields = row.columns().map(|field| {
        let (docs, column, ty) = (&field.docs, field.column(), field.stored());
        quote!(#(#docs)* pub #column: #ty,)
    });
    let hidden =
        row.of.hidden.iter().map(|(column, ty)| quote!(#[doc = " Not shown to clients."] pub #column: #ty,));
    let doc = format!(" The table `{plural}`.");
    quote! {
        #[doc = #doc]
        #visibility mod #module {
            #[allow(unused_imports, reason = "a field's type may be one of these")]
            use super::*;
            use ::rowcast::sea_orm::{self, entity::prelude::*};

            /// A row as it is stored.
            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = #plural)]
            pub struct Model {
                /// Assigned in order from 1.
                #[sea_orm(primary_key)]
                pub id: i64,
                #(#fields)*
                #(#hidden)*
                /// Changes whenever the row does.
                pub version: i64,
            }

            /// References are kept by the table itself.
            #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    }
}

/// The derives of a payload, and what they need to find their crates.
fn derives() -> TokenStream {
    quote! {
        #[derive(
            ::std::clone::Clone,
            ::std::fmt::Debug,
            ::std::cmp::PartialEq,
            ::rowcast::serde::Serialize,
            ::rowcast::validator::Validate,
            ::rowcast::schemars::JsonSchema
        )]
        #[serde(crate = "::rowcast::serde")]
        #[validate(crate = "::rowcast::validator")]
        #[schemars(crate = "::rowcast::schemars")]
    }
}

/// What is said of a payload's field: docs, rules, schema.
fn said(field: &Field, wrapped: bool) -> TokenStream {
    let docs = match &field.of.payload {
        Some(sentence) => quote!(#[doc = #sentence]),
        None => {
            let docs = &field.docs;
            quote!(#(#docs)*)
        }
    };
    let rules = field.of.validate.iter().map(|rule| quote!(#[validate(#rule)]));
    let schema = field.of.schema.iter().map(|schema| quote!(#[schemars(#schema)]));
    let null = (wrapped && field.nullable).then(|| quote!(#[schemars(extend("x-nullable" = true))]));
    let other = field.of.references.as_ref().or(field.of.links.as_ref()).map(|other| {
        let one = match field.value {
            Kind::Links => "::std::vec::Vec<::rowcast::schema::Ref>",
            _ => "::rowcast::schema::Ref",
        };
        let with =
            if wrapped || field.nullable { format!("::std::option::Option<{one}>") } else { one.to_owned() };
        let plural = quote!(<#other as ::rowcast::collection::Collection>::NAME);
        quote!(#[schemars(with = #with, extend("x-collection" = #plural))])
    });
    let shown = field.of.schema_with.as_ref().map(|shown| {
        let shown = shown.value();
        let with = if wrapped { format!("::std::option::Option<{shown}>") } else { shown };
        quote!(#[schemars(with = #with)])
    });
    quote!(#docs #(#rules)* #other #shown #(#schema)* #null)
}

/// The payload of `new_…`.
fn new(row: &Row) -> syn::Result<TokenStream> {
    let (visibility, name, noun) = (&row.visibility, row.payload("New"), &row.noun);
    let (example, derives) = (row.example()?, derives());
    let doc = format!(" The payload of `new_{}`.", row.singular);
    let fields = row.written().map(|field| {
        let (said, ident, ty) = (said(field, false), &field.name, field.payload_type());
        match field.of.optional {
            true => quote! {
                #said
                #[serde(skip_serializing_if = "::std::option::Option::is_none")]
                pub #ident: Option<#ty>,
            },
            false => quote!(#said pub #ident: #ty,),
        }
    });
    let reads = row.written().map(|field| {
        let (ident, text, reader) = (&field.name, field.name.to_string(), field.reader());
        match field.of.optional {
            true if field.nullable => quote!(#ident: form.patch(#text, #reader),),
            true => quote!(#ident: form.defaulted(#text, #reader),),
            false => quote!(#ident: #reader(form, #text),),
        }
    });
    let ignored = ignored(row);
    Ok(quote! {
        #[doc = #doc]
        #derives
        #visibility struct #name {
            #(#fields)*
        }

        impl ::rowcast::schema::Payload for #name {
            const NOUN: &'static str = #noun;
            const EXAMPLE: &'static str = #example;

            fn read(form: &mut ::rowcast::schema::Form<'_>) -> Self {
                form.ignore(&["id", "version", #(#ignored),*]);
                Self { #(#reads)* }
            }
        }
    })
}

/// The payload of `update_…`.
fn update(row: &Row) -> syn::Result<TokenStream> {
    let (visibility, name, noun) = (&row.visibility, row.payload("Update"), &row.noun);
    let (example, derives) = (row.update_example()?, derives());
    let doc = format!(" The payload of `update_{}`; absent fields keep their value.", row.singular);
    let fields = row.written().map(|field| {
        let (said, ident, ty) = (said(field, true), &field.name, field.payload_type());
        quote! {
            #said
            #[serde(skip_serializing_if = "::std::option::Option::is_none")]
            pub #ident: Option<#ty>,
        }
    });
    let reads = row.written().map(|field| {
        let (ident, text, reader) = (&field.name, field.name.to_string(), field.reader());
        quote!(#ident: form.patch(#text, #reader),)
    });
    let ignored: Vec<String> = ignored(row).collect();
    let ignore = (!ignored.is_empty()).then(|| quote!(form.ignore(&[#(#ignored),*]);));
    Ok(quote! {
        #[doc = #doc]
        #derives
        #visibility struct #name {
            /// The row to update.
            pub id: i64,
            /// The version that the client saw; checked if present.
            #[serde(skip_serializing_if = "::std::option::Option::is_none")]
            pub version: Option<i64>,
            #(#fields)*
        }

        impl ::rowcast::schema::Payload for #name {
            const NOUN: &'static str = #noun;
            const EXAMPLE: &'static str = #example;

            fn read(form: &mut ::rowcast::schema::Form<'_>) -> Self {
                #ignore
                Self { id: form.id(), version: form.version(), #(#reads)* }
            }
        }
    })
}

/// Fields that rows carry and payloads do not.
fn ignored(row: &Row) -> impl Iterator<Item = String> {
    row.fields.iter().filter(|field| field.of.read_only).map(|field| field.name.to_string())
}

/// The collection.
fn collection(row: &Row) -> syn::Result<TokenStream> {
    let (visibility, docs, name, collection) = (&row.visibility, &row.docs, &row.name, &row.collection);
    let (module, singular, plural) = (format_ident!("{}", row.singular), &row.singular, &row.plural);
    let (new, update) = (row.payload("New"), row.payload("Update"));
    let columns = row.columns().map(|field| {
        let (text, variant) = (field.name.to_string(), field.variant());
        quote!((#text, #module::Column::#variant))
    });
    let compared = row.columns().filter(|field| field.of.as_number).map(|field| {
        let text = field.name.to_string();
        quote!((#text, ::rowcast::collection::Comparison::AsNumber))
    });
    let references = row.columns().filter_map(|field| {
        let (other, column) = (field.of.references.as_ref()?, field.column().to_string());
        Some(quote! {
            ::rowcast::collection::Embed {
                collection: <#other as ::rowcast::collection::Collection>::NAME,
                table: #plural,
                row: "id",
                embedded: #column,
            }
        })
    });
    let embeds = match &row.of.embeds {
        Some(syn::Expr::Array(array)) => array.elems.iter().collect(),
        Some(other) => return Err(syn::Error::new_spanned(other, "expected a list: [Embed { … }]")),
        None => Vec::new(),
    };
    let (created, updated) = (changes(row, "new"), changes(row, "update"));
    let sent = !row.of.listed;
    let rows = rows(row)?;
    let save_join_rows = row.of.save_join_rows.as_ref().map(|save| {
        quote! {
            async fn save_join_rows(
                db: &::rowcast::database::Transaction,
                id: i64,
                links: ::std::vec::Vec<i64>,
            ) -> ::std::result::Result<(), ::rowcast::sea_orm::DbErr> {
                #save(db, id, links).await
            }
        }
    });
    Ok(quote! {
        #(#docs)*
        #visibility struct #collection;

        impl ::rowcast::collection::Collection for #collection {
            type Entity = #module::Entity;
            type Row = #name;
            type New = #new;
            type Update = #update;

            const SINGULAR: &'static str = #singular;
            const NAME: &'static str = #plural;
            const ID: #module::Column = #module::Column::Id;
            const VERSION: #module::Column = #module::Column::Version;
            const COLUMNS: &'static [(&'static str, #module::Column)] = &[#(#columns),*];
            const COMPARED: &'static [(&'static str, ::rowcast::collection::Comparison)] = &[#(#compared),*];
            const EMBEDS: &'static [::rowcast::collection::Embed] = &[#(#references,)* #(#embeds),*];
            const LIVE: bool = #sent;

            fn create(new: #new) -> ::rowcast::collection::Changeset<#module::ActiveModel> {
                #created
            }

            fn update(update: #update) -> ::rowcast::collection::RowUpdate<#module::ActiveModel> {
                let (id, version) = (update.id, update.version);
                let changeset = { #updated };
                ::rowcast::collection::RowUpdate { id, version, changeset }
            }

            async fn rows(
                db: &::rowcast::database::Transaction,
                models: ::std::vec::Vec<#module::Model>,
            ) -> ::std::result::Result<::std::vec::Vec<#name>, ::rowcast::sea_orm::DbErr> {
                #rows
            }

            #save_join_rows
        }
    })
}

/// The changeset that a payload asks for.
fn changes(row: &Row, payload: &str) -> TokenStream {
    let (module, payload) = (format_ident!("{}", row.singular), format_ident!("{payload}"));
    let is_new = payload == "new";
    let maybe = |field: &Field| !is_new || field.of.optional;
    let set = row.written().filter(|field| field.value != Kind::Links).map(|field| {
        let (column, ident) = (field.column(), &field.name);
        let value = stored(field, maybe(field), quote!(#payload.#ident.clone()));
        match maybe(field) {
            true => quote!(#column: ::rowcast::collection::given(#value),),
            false => quote!(#column: ::rowcast::sea_orm::ActiveValue::Set(#value),),
        }
    });
    // A value that is there and is not null.
    let value = |field: &Field| {
        let ident = &field.name;
        match (maybe(field), field.nullable) {
            (true, true) => quote!(#payload.#ident.flatten()),
            (true, false) | (false, true) => quote!(#payload.#ident),
            (false, false) => quote!(::std::option::Option::Some(#payload.#ident)),
        }
    };
    let references = row.written().filter_map(|field| {
        let (other, value, path) =
            (field.of.references.as_ref()?, value(field), format!("{}.id", field.name));
        Some(quote!(.references::<#other>(#path, #value)))
    });
    let unique = row.written().filter(|field| field.of.unique).map(|field| {
        let (value, text) = (value(field), field.name.to_string());
        quote!(.unique(#text, #value))
    });
    let links = row.written().find(|field| field.value == Kind::Links).map(|field| {
        let (other, value, text) = (&field.of.links, value(field), field.name.to_string());
        quote!(.join_rows_to::<#other>(#text, #value))
    });
    quote! {
        ::rowcast::collection::Changeset::new(#module::ActiveModel {
            #(#set)*
            ..::std::default::Default::default()
        })
        #(#references)*
        #(#unique)*
        #links
    }
}

/// A payload's value as the model stores it; `maybe` if the payload may lack it.
fn stored(field: &Field, maybe: bool, value: TokenStream) -> TokenStream {
    match (field.value, maybe, field.nullable) {
        (Kind::Boolean, false, false) => quote!(#value.into()),
        (Kind::Boolean, true, true) => quote!(#value.map(|value| value.map(::std::convert::Into::into))),
        (Kind::Boolean, ..) => quote!(#value.map(::std::convert::Into::into)),
        _ => value,
    }
}

/// Rows as clients see them.
fn rows(row: &Row) -> syn::Result<TokenStream> {
    if let Some(rows) = &row.of.rows {
        return Ok(quote!(#rows(db, models).await));
    }
    for field in &row.fields {
        let is_stored = |ty: &str| {
            use quote::ToTokens;
            field.ty.to_token_stream().to_string() == ty
        };
        let shows_another = field.value == Kind::Links
            || field.value == Kind::Reference && !is_stored("i64") && !is_stored("Option < i64 >");
        if shows_another {
            let sentence = "what it shows is read by a function: #[collection(rows = …)] on the struct";
            return Err(syn::Error::new_spanned(&field.ty, sentence));
        }
    }
    let name = &row.name;
    let fields = row.fields.iter().map(|field| {
        let (ident, column) = (&field.name, field.column());
        match (field.value, field.nullable) {
            (Kind::Boolean, false) => quote!(#ident: model.#column.into(),),
            (Kind::Boolean, true) => quote!(#ident: model.#column.map(::std::convert::Into::into),),
            _ => quote!(#ident: model.#column,),
        }
    });
    Ok(quote! {
        let _ = db;
        let row = |model: <Self::Entity as ::rowcast::sea_orm::EntityTrait>::Model| #name {
            id: model.id,
            #(#fields)*
            version: model.version,
        };
        ::std::result::Result::Ok(models.into_iter().map(row).collect())
    })
}
