//! A contract as one self-contained TypeScript file.

mod events;
mod literal;
mod rules;
mod types;

use super::{Collection, Contract, Embed, collection::VERSION, key_type, tables::Import};
use literal::{key, text};

const HEAD: &str = include_str!("typescript/head.ts");
const TAIL: &str = include_str!("typescript/tail.ts");

/// Starts a line of [`TAIL`] for contracts with tables, and one for those without.
const TABLES: &str = "//+";
const NO_TABLES: &str = "//-";

pub(super) fn print(contract: &Contract) -> String {
    let mut file = HEAD.to_owned();
    file += &imports(contract);
    for (name, schema) in &contract.definitions {
        file += &types::declaration(name, schema);
    }
    file += &events::acks();
    file += &collections(contract);
    file += &events::server_to_client(contract);
    file += &events::client_to_server(contract);
    file += &tail(contract);
    file += &schema(contract);
    file += &rules::print(contract);
    file
}

fn imports(contract: &Contract) -> String {
    let Some((module, types)) = &contract.imports else { return String::new() };
    let one = |Import { name, local }: &Import| {
        if name == local { name.clone() } else { format!("{name} as {local}") }
    };
    let types: Vec<String> = types.iter().map(one).collect();
    format!("import type {{ {} }} from {};\n\n", types.join(", "), text(module))
}

fn collections(contract: &Contract) -> String {
    let line = |one: &Collection| {
        let (plural, row) = (key(&one.plural), &one.row);
        let [new, update] = [&one.new, &one.update].map(|name| name.as_deref().unwrap_or(types::NONE));
        let key = match key_type::is_id(&one.key) {
            true => String::new(),
            false => format!("; key: {}", types::on_one_line(&key_type::value(&one.key))),
        };
        format!("  {plural}: {{ row: {row}; new: {new}; update: {update}{key} }};\n")
    };
    let lines: String = contract.keyed().map(line).collect();
    format!("/** The types of each collection. */\nexport interface Collections {{\n{lines}}}\n\n")
}

fn tail(contract: &Contract) -> String {
    let (shown, left_out) = if contract.from_data { (TABLES, NO_TABLES) } else { (NO_TABLES, TABLES) };
    let lines = TAIL.lines().filter(|line| !line.starts_with(left_out));
    lines.map(|line| line.strip_prefix(shown).unwrap_or(line).to_owned() + "\n").collect()
}

/// The values that a typed store needs at run time.
fn schema(contract: &Contract) -> String {
    let hashes = contract.hashes();
    let of = |one: &Collection| collection(one, &hashes.collections[&one.plural]);
    let collections: String = contract.keyed().map(of).collect();
    let (hash, rest) = (text(&hashes.hash), text(&hashes.collections[contract.rest()]));
    format!(
        "export const schema: Schema<Collections> = {{\n  hash: {hash},\n  events: {rest},\n  collections: {{\n{collections}  }},\n}};\n\n"
    )
}

fn collection(one: &Collection, hash: &str) -> String {
    let embeds: Vec<String> = one.embeds.iter().map(embed).collect();
    let embeds = match embeds.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{\n{}      }}", embeds.concat()),
    };
    let mut lines = vec![
        format!("name: {}", text(&one.name)),
        format!("hash: {}", text(hash)),
        format!("sent: {}", one.sent),
    ];
    if !key_type::is_id(&one.key) {
        let columns: Vec<String> = one.key.iter().map(|column| column.name.clone()).collect();
        lines.push(format!("key: {}", list(&columns)));
    }
    if one.version != VERSION {
        lines.push(format!("version: {}", text(&one.version)));
    }
    for (name, columns) in [("numbers", &one.numbers), ("bigints", &one.bigints), ("times", &one.times)] {
        if !columns.is_empty() {
            lines.push(format!("{name}: {}", list(columns)));
        }
    }
    lines.push(format!("nests: {embeds}"));
    let lines: String = lines.iter().map(|line| format!("      {line},\n")).collect();
    format!("    {}: {{\n{lines}    }},\n", key(&one.plural))
}

fn embed(embed: &Embed) -> String {
    let (field, collection, many) = (key(&embed.field), text(&embed.collection), embed.many);
    let by = if embed.by.is_empty() { String::new() } else { format!(", by: {}", list(&embed.by)) };
    let fields = list(&embed.fields);
    format!("        {field}: {{ collection: {collection}, many: {many}, fields: {fields}{by} }},\n")
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|one| text(one)).collect();
    format!("[{}]", texts.join(", "))
}
