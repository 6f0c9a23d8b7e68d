//! Keys of every type, and names of every kind.

use rowcast::attach;
use sea_orm::DbBackend;

use super::database::Attached;

/// Tables with a key, a row with one key, and an update to another one.
const KEYS: &[(&str, &str, &str, &str, &str)] = &[
    ("smallint", "7", "[7]", "-8", "[-8]"),
    ("bigint", "9223372036854775807", "[9223372036854775807]", "0", "[0]"),
    ("twice", "7", "[7]", "8", "[8]"),
    (
        "text",
        r#"'a "quoted" \back\ it''s'"#,
        r#"["a \"quoted\" \\back\\ it's"]"#,
        "'[1, 2]'",
        r#"["[1, 2]"]"#,
    ),
    ("text", "E'line\\nand\\ttab\\u0001'", r#"["line\nand\ttab\u0001"]"#, "''", r#"[""]"#),
    ("text", "'grün 日本 🦀'", r#"["grün 日本 🦀"]"#, "'7'", r#"["7"]"#),
    ("varchar(5)", "'ALFKI'", r#"["ALFKI"]"#, "'alfki'", r#"["alfki"]"#),
    ("char(5)", "'ab'", r#"["ab"]"#, "'abcde'", r#"["abcde"]"#),
    (
        "uuid",
        "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
        r#"["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]"#,
        "'00000000-0000-0000-0000-000000000000'",
        r#"["00000000-0000-0000-0000-000000000000"]"#,
    ),
    ("mood", "'it''s'", r#"["it's"]"#, "'a \"b\"'", r#"["a \"b\""]"#),
    ("numeric", "1.0", r#"["1.0"]"#, "1.00", r#"["1.00"]"#),
    ("boolean", "true", r#"["true"]"#, "false", r#"["false"]"#),
    ("date", "'2024-02-29'", r#"["2024-02-29"]"#, "'2024-03-01'", r#"["2024-03-01"]"#),
    (
        "timestamptz",
        "'2024-01-01 12:00:00.123456+05'",
        r#"["2024-01-01 07:00:00.123456+00"]"#,
        "'infinity'",
        r#"["infinity"]"#,
    ),
    (
        "timestamp(3)",
        "'2024-01-01 12:00'",
        r#"["2024-01-01 12:00:00"]"#,
        "'2024-01-02'",
        r#"["2024-01-02 00:00:00"]"#,
    ),
    ("interval", "'1 day 2 hours'", r#"["1 day 02:00:00"]"#, "'3 mons'", r#"["3 mons"]"#),
    ("bytea", "'\\xDEAD'", r#"["\\xdead"]"#, "''", r#"["\\x"]"#),
    ("float8", "0.1", r#"["0.1"]"#, "'NaN'", r#"["NaN"]"#),
    ("int4range", "'[1,5)'", r#"["[1,5)"]"#, "'empty'", r#"["empty"]"#),
    ("text[]", "'{a,\"b c\"}'", r#"["{a,\"b c\"}"]"#, "'{}'", r#"["{}"]"#),
    ("inet", "'10.0.0.1'", r#"["10.0.0.1"]"#, "'::1'", r#"["::1"]"#),
    ("named", "'Ada'", r#"["Ada"]"#, "'ada'", r#"["ada"]"#),
];

/// A session in which the text of values is another.
const FOREIGN_SESSION: &str =
    "set datestyle = 'German'; set timezone = 'Asia/Tokyo'; set intervalstyle = 'iso_8601';
    set bytea_output = 'escape'; set extra_float_digits = -10;";

#[actix_web::test]
async fn keys_of_every_type_are_logged_as_their_text_on_postgres() {
    let mut schema = "create type mood as enum ('it''s', 'a \"b\"'); create domain once as integer;
        create domain twice as once check (value > 0);
        create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        create domain named as text collate caseless;"
        .to_owned();
    for (at, (sql_type, ..)) in KEYS.iter().enumerate() {
        schema.push_str(&format!("create table t{at} (id {sql_type} primary key, note text);"));
    }
    let postgres = Attached::with(&schema).await;
    let catalog = postgres.catalog().await;
    postgres.execute("set timezone = 'UTC'").await;
    for (at, (sql_type, one, one_key, other, other_key)) in KEYS.iter().enumerate() {
        let log = postgres
            .logged(&format!(
                "{FOREIGN_SESSION} insert into t{at} values ({one}); update t{at} set note = 'x';
                 update t{at} set id = {other}; delete from t{at}"
            ))
            .await;
        let keys = [one_key, one_key, one_key, other_key, other_key].map(|key| format!("public.t{at} {key}"));
        assert_eq!(log, keys, "{sql_type}");
        // Truncated rows have the same keys, and so have rows that a query reads.
        let inserted = postgres.logged(&format!("insert into t{at} values ({one})")).await;
        let table = catalog.table("public", &format!("t{at}")).unwrap();
        let key = attach::key_expression(table, "r", DbBackend::Postgres).unwrap();
        let read = postgres.texts(&format!("select 'public.t{at} ' || {key} as text from t{at} r")).await;
        let truncated = postgres.logged(&format!("{FOREIGN_SESSION} truncate t{at}")).await;
        assert_eq!(truncated, inserted, "{sql_type}");
        assert_eq!(read, inserted, "{sql_type}");
    }
    postgres.remove().await;
}

#[actix_web::test]
async fn keys_of_several_columns_have_the_order_of_the_primary_key_on_postgres() {
    let postgres = Attached::with(
        "create table details (
            note text, product integer, \"order\" bigint, \"Kind of\" text,
            primary key (\"order\", product, \"Kind of\") include (note));",
    )
    .await;
    let log = postgres
        .logged(
            "insert into details values ('n', 11, 10248, 'a'); update details set note = 'm';
             update details set product = 12; truncate details",
        )
        .await;
    let keys = [
        "[10248, 11, \"a\"]",
        "[10248, 11, \"a\"]",
        "[10248, 11, \"a\"]",
        "[10248, 12, \"a\"]",
        "[10248, 12, \"a\"]",
    ];
    assert_eq!(log, keys.map(|key| format!("public.details {key}")));
    postgres.remove().await;
}

#[actix_web::test]
async fn names_of_every_kind_are_quoted_on_postgres() {
    let long = "n".repeat(63);
    let names = [
        ("public", "select"),
        ("public", "Mixed Case"),
        ("public", "a.b"),
        ("a", "b.c"),
        ("a.b", "c"),
        ("public", "it's \"quoted\""),
        ("public", "back\\slash'"),
        ("public", "$rowcast0$"),
        ("public", "{collection}"),
        ("public", "%s %L"),
        ("public", "täglich 日本"),
        ("public", &*long),
        ("user", "table"),
        (" ", " "),
    ];
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let mut schema =
        "create schema a; create schema \"a.b\"; create schema \"user\"; create schema \" \";".to_owned();
    for (schema_name, name) in names {
        let (at, column) = (format!("{}.{}", quoted(schema_name), quoted(name)), quoted(name));
        schema.push_str(&format!("create table {at} ({column} text primary key, \"new\" integer);"));
    }
    let postgres = Attached::with(&schema).await;
    for (schema_name, name) in names {
        let (at, column) = (format!("{}.{}", quoted(schema_name), quoted(name)), quoted(name));
        let log = postgres
            .logged(&format!(
                "insert into {at} values ('k', 1); update {at} set {column} = 'l'; delete from {at};
                 insert into {at} values ('m', 1); truncate {at}"
            ))
            .await;
        let keys = ["k", "k", "l", "l", "m", "m"].map(|key| format!("{schema_name}.{name} [\"{key}\"]"));
        assert_eq!(log, keys);
    }
    let installed =
        postgres.texts("select tgname::text as text from pg_trigger where not tgisinternal").await;
    assert_eq!(installed.len(), 2 * names.len());
    assert!(installed.iter().all(|name| name.starts_with("rowcast_") && name.len() < 63), "{installed:?}");
    postgres.detach().await;
    postgres.remove().await;
}
