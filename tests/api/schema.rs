//! Output of `planner schema`: the generated files are current.

use std::process::Command;

use planner::collections::{Coaches, ExerciseMoves};
use rowcast::{
    context::Context,
    registry::{Registry, Route, TransactionKind},
};
use rowcast_schema::{ById, contract::Contract};
use serde_json::Value;

use crate::harness::process::PROGRAM;

#[test]
fn generated_files_are_current() {
    for (language, file, kept) in [
        ("typescript", "schema.ts", include_str!("../../api-schema/generated/schema.ts")),
        ("json-schema", "schema.json", include_str!("../../api-schema/generated/schema.json")),
        ("asyncapi", "asyncapi.json", include_str!("../../api-schema/generated/asyncapi.json")),
    ] {
        let printed = Command::new(PROGRAM).args(["schema", language]).output().unwrap();
        assert!(printed.status.success(), "{printed:?}");
        let same = printed.stdout == kept.as_bytes();
        assert!(same, "api-schema/generated/{file} is stale: scripts/schema renews it");
    }
}

#[test]
fn custom_event_is_in_all_formats() {
    let rest = async |_: &Context<'_>, coach: ById| Ok(coach.id);
    let route = Route::new(TransactionKind::Write, rest).described("Gives a coach the day off.");
    let contract = Registry::builder("planner").with::<Coaches>().on("rest_coach", route).build().contract();

    let types = contract.typescript();
    let line =
        "  /** Gives a coach the day off. */\n  rest_coach: (...args: EmitArgs<ById, number>) => void;\n";
    assert!(types.contains(line), "{types}");
    let schema = parsed(&contract.json_schema());
    assert_eq!(schema["$defs"]["rest_coach.arguments"]["prefixItems"][0]["$ref"], "#/$defs/ById");
    let asyncapi = parsed(&contract.asyncapi());
    assert_eq!(asyncapi["operations"]["rest_coach"]["summary"], "Gives a coach the day off.");
}

#[test]
fn hash_differs_only_for_changed_collections() {
    let coaches = || Registry::builder("planner").with::<Coaches>();
    let hashes = |contract: Contract| contract.hashes();
    let (few, many) =
        (hashes(coaches().build().contract()), hashes(coaches().with::<ExerciseMoves>().build().contract()));
    let route = Route::new(TransactionKind::Read, async |_: &Context<'_>, coach: ById| Ok(coach.id));
    let other = hashes(coaches().on("rest_coach", route).build().contract());

    assert_eq!(few, hashes(coaches().build().contract()));
    assert_ne!(few.hash, many.hash);
    assert_ne!(few.hash, other.hash);
    assert_eq!(few.collections["coaches"], many.collections["coaches"]);
    assert_eq!(few.collections["events"], many.collections["events"]);
    assert_eq!(few.collections["coaches"], other.collections["coaches"]);
    assert_ne!(few.collections["events"], other.collections["events"]);
    assert!(few.hash.len() == 16 && few.hash.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

fn parsed(document: &str) -> Value {
    serde_json::from_str(document).unwrap()
}
