//! Prints the contract of tables with all kinds of names, for the tests of what is generated.

#[path = "../tests/tables/description.rs"]
#[allow(clippy::unwrap_used, dead_code, reason = "shared with a test")]
mod description;

fn main() {
    let contract = description::contract();
    let printed = match std::env::args().nth(1).as_deref() {
        Some("typescript") => contract.typescript(),
        Some("json-schema") => contract.json_schema(),
        Some("asyncapi") => contract.asyncapi(),
        _ => "usage: tables typescript|json-schema|asyncapi\n".to_owned(),
    };
    print!("{printed}");
}
