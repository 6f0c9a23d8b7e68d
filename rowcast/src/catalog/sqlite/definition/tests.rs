use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

fn check(name: Option<&str>, sql: &str) -> CheckDefinition {
    CheckDefinition { name: name.map(Into::into), sql: sql.into() }
}

fn unique<const N: usize>(name: Option<&str>, columns: [&str; N]) -> UniqueDefinition {
    UniqueDefinition { name: name.map(Into::into), columns: columns.map(Into::into).into() }
}

#[test]
fn catalog_definition_has_the_clauses_of_a_table() {
    let definition = Definition::of(
        r#"CREATE TABLE "a (b" ( -- a comment, with (
            id integer constraint numbered primary key autoincrement,
            [a b] text collate nocase check ([a b] <> ')'), /* , */
            'c' varchar(3) default ('x, ' || 'y') constraint three check (length(c) = 3) unique on conflict ignore,
            d constraint filled not null check (d > 0) default -1 check (d < 9),
            e int generated always as (d * (2 + 1)) stored,
            f text as (c || 'z'),
            g integer constraint has_h references h (x) on delete set default unique,
            h integer references h deferrable initially deferred,
            constraint together unique (C, "d"), unique (e collate nocase, f desc)
            constraint "odd name" check (d in (1, 2))
            foreign key (g, h) references h not deferrable initially deferred
        ) strict, without rowid"#,
    );
    assert_eq!(
        definition.checks,
        [
            check(None, "[a b] <> ')'"),
            check(Some("three"), "length(c) = 3"),
            check(None, "d > 0"),
            check(None, "d < 9"),
            check(Some("odd name"), "d in (1, 2)"),
        ]
    );
    assert_eq!(
        definition.unique_keys,
        [
            unique(None, ["c"]),
            unique(None, ["g"]),
            unique(Some("together"), ["C", "d"]),
            unique(None, ["e", "f"]),
        ]
    );
    let keys: Vec<_> =
        definition.foreign_keys.iter().map(|key| (key.name.as_deref(), key.deferrable)).collect();
    assert_eq!(keys, [(Some("has_h"), false), (None, true), (None, false)]);
    assert_eq!(definition.primary_key.as_deref(), Some("numbered"));
    let column = |name: &str| definition.column(name);
    assert!(column("ID").is_some_and(|id| id.autoincrement));
    assert_eq!(column("A B").and_then(|column| column.collation.as_deref()), Some("nocase"));
    assert_eq!(column("e").and_then(|column| column.generated.as_deref()), Some("d * (2 + 1)"));
    assert_eq!(column("f").and_then(|column| column.generated.as_deref()), Some("c || 'z'"));
    assert_eq!(column("d"), None);
}

#[test]
fn catalog_definition_of_other_statements_is_empty() {
    for sql in ["", "create view v as select (1)", "create table t", "create table t (", "create table t ()"]
    {
        assert_eq!(Definition::of(sql), Definition::default(), "{sql}");
    }
}

const PARTS: [&str; 30] = [
    "create",
    "table",
    "(",
    ")",
    ",",
    "check",
    "constraint",
    "unique",
    "primary",
    "key",
    "references",
    "default",
    "-",
    "set",
    "not",
    "null",
    "collate",
    "as",
    "autoincrement",
    "initially",
    "deferred",
    "deferrable",
    "a",
    "'a'",
    "\"",
    "[b]",
    "1",
    "foreign",
    "x'",
    "--",
];

proptest! {
    #[test]
    fn catalog_definition_accepts_any_text(
        any in any::<String>(), parts in vec(select(&PARTS[..]), 0..40), space in "( |\n)?",
    ) {
        let parts = parts.join(&space);
        for sql in [&any, &parts, &format!("create table t ({any})"), &format!("create table t ({parts})")] {
            let _ = Definition::of(sql);
        }
    }
}
