//! A contract as one TypeScript file that stands alone.

mod events;
mod literal;
mod rules;
mod types;

use super::{Collection, Contract, hash::REST};
use literal::{key, text};

/// What is the same for every contract.
const HEAD: &str = include_str!("typescript/head.ts");
const TAIL: &str = include_str!("typescript/tail.ts");

pub(super) fn print(contract: &Contract) -> String {
    let mut file = HEAD.to_owned();
    for (name, schema) in &contract.definitions {
        file += &types::declaration(name, schema);
    }
    file += &events::acks();
    file += &collections(contract);
    file += &events::told(contract);
    file += &events::asked(contract);
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
    format!("/** What each collection is made of. */\nexport interface Collections {{\n{lines}}}\n\n")
}

/// What a typed store needs to know while it runs.
fn schema(contract: &Contract) -> String {
    let hashes = contract.hashes();
    let collection = |one: &Collection| {
        let nests: Vec<String> = one.nests.iter().map(nest).collect();
        let nests = match nests.is_empty() {
            true => "{}".to_owned(),
            false => format!("{{\n{}      }}", nests.concat()),
        };
        let (plural, name) = (key(one.plural), text(one.name));
        let hash = text(&hashes.collections[one.plural]);
        let numbers: Vec<String> = one.numbers.iter().map(|column| text(column)).collect();
        let numbers = match numbers.is_empty() {
            true => String::new(),
            false => format!("      numbers: [{}],\n", numbers.join(", ")),
        };
        format!(
            "    {plural}: {{\n      name: {name},\n      hash: {hash},\n      sent: {},\n{numbers}      nests: {nests},\n    }},\n",
            one.sent
        )
    };
    let collections: String = contract.collections.iter().map(collection).collect();
    let (hash, rest) = (text(&hashes.hash), text(&hashes.collections[REST]));
    format!(
        "export const schema: Schema<Collections> = {{\n  hash: {hash},\n  events: {rest},\n  collections: {{\n{collections}  }},\n}};\n\n"
    )
}

fn nest(nest: &super::Nest) -> String {
    let fields: Vec<String> = nest.fields.iter().map(|field| text(field)).collect();
    let (field, collection) = (key(&nest.field), text(&nest.collection));
    format!(
        "        {field}: {{ collection: {collection}, many: {}, fields: [{}] }},\n",
        nest.many,
        fields.join(", ")
    )
}
