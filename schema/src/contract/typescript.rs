//! A contract as one self-contained TypeScript file.

mod events;
mod literal;
mod rules;
mod types;

use super::{Collection, Contract, hash::REST};
use literal::{key, text};

const HEAD: &str = include_str!("typescript/head.ts");
const TAIL: &str = include_str!("typescript/tail.ts");

pub(super) fn print(contract: &Contract) -> String {
    let mut file = HEAD.to_owned();
    for (name, schema) in &contract.definitions {
        file += &types::declaration(name, schema);
    }
    file += &events::acks();
    file += &collections(contract);
    file += &events::server_to_client(contract);
    file += &events::client_to_server(contract);
    file += TAIL;
    file += &schema(contract);
    file += &rules::print(contract);
    file
}

fn collections(contract: &Contract) -> String {
    let line = |one: &Collection| {
        let Collection { plural, row, new, update, .. } = one;
        format!("  {}: {{ row: {row}; new: {new}; update: {update} }};\n", key(plural))
    };
    let lines: String = contract.collections.iter().map(line).collect();
    format!("/** The types of each collection. */\nexport interface Collections {{\n{lines}}}\n\n")
}

/// The values that a typed store needs at run time.
fn schema(contract: &Contract) -> String {
    let hashes = contract.hashes();
    let collection = |one: &Collection| {
        let embeds: Vec<String> = one.embeds.iter().map(embed).collect();
        let embeds = match embeds.is_empty() {
            true => "{}".to_owned(),
            false => format!("{{\n{}      }}", embeds.concat()),
        };
        let (plural, name) = (key(one.plural), text(one.name));
        let hash = text(&hashes.collections[one.plural]);
        let numbers: Vec<String> = one.numbers.iter().map(|column| text(column)).collect();
        let numbers = match numbers.is_empty() {
            true => String::new(),
            false => format!("      numbers: [{}],\n", numbers.join(", ")),
        };
        format!(
            "    {plural}: {{\n      name: {name},\n      hash: {hash},\n      sent: {},\n{numbers}      nests: {embeds},\n    }},\n",
            one.sent
        )
    };
    let collections: String = contract.collections.iter().map(collection).collect();
    let (hash, rest) = (text(&hashes.hash), text(&hashes.collections[REST]));
    format!(
        "export const schema: Schema<Collections> = {{\n  hash: {hash},\n  events: {rest},\n  collections: {{\n{collections}  }},\n}};\n\n"
    )
}

fn embed(embed: &super::Embed) -> String {
    let fields: Vec<String> = embed.fields.iter().map(|field| text(field)).collect();
    let (field, collection) = (key(&embed.field), text(&embed.collection));
    format!(
        "        {field}: {{ collection: {collection}, many: {}, fields: [{}] }},\n",
        embed.many,
        fields.join(", ")
    )
}
