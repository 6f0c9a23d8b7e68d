//! Keys of every type, and names of every kind.

use rowcast::attach;
use sea_orm::DbBackend;

use super::database::Attached;

/// Tables with a key, a row with one key, and an update to another one.
const KEYS: &[(&str, &str, &str, &str, &str)] = &[
    ("(id integer primary key, note)", "9223372036854775807", "[9223372036854775807]", "-1", "[-1]"),
    ("(id integer primary key desc, note)", "7", "[7]", "8", "[8]"),
    ("(id bigint primary key, note)", "'7'", "[7]", "'x'", "[\"x\"]"),
    ("(id integer primary key, note text) strict", "7", "[7]", "8", "[8]"),
    ("(id integer primary key, note) without rowid", "7", "[7]", "8", "[8]"),
    (
        "(id text primary key, note)",
        "'a \"quoted\" \\back\\ it''s'",
        r#"["a \"quoted\" \\back\\ it's"]"#,
        "7",
        r#"["7"]"#,
    ),
    (
        "(id text primary key, note text) strict, without rowid",
        "'grün 🦀'",
        r#"["grün 🦀"]"#,
        "''",
        r#"[""]"#,
    ),
    (
        "(id text primary key, note)",
        "'line' || char(10, 9, 1)",
        r#"["line\n\t\u0001"]"#,
        "x'00ff'",
        r#"["\\x00ff"]"#,
    ),
    ("(id text primary key collate nocase, note)", "'Ada'", r#"["Ada"]"#, "'ada'", r#"["ada"]"#),
    ("(id char(5) primary key, note)", "'ALFKI'", r#"["ALFKI"]"#, "'ab   '", r#"["ab   "]"#),
    (
        "(id uuid primary key, note)",
        "x'A0EEBC999C0B4EF8BB6D6BB9BD380A11'",
        r#"["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]"#,
        "'00000000-0000-0000-0000-000000000000'",
        r#"["00000000-0000-0000-0000-000000000000"]"#,
    ),
    ("(id uuid primary key, note)", "x'A0'", r#"["\\xa0"]"#, "''", r#"[""]"#),
    ("(id blob primary key, note)", "x'DEAD'", r#"["\\xdead"]"#, "x''", r#"["\\x"]"#),
    ("(id decimal(10, 2) primary key, note)", "1", r#"["1"]"#, "1.5", r#"["1.5"]"#),
    ("(id real primary key, note)", "1", r#"["1.0"]"#, "0.1", r#"["0.1"]"#),
    (
        "(id timestamp primary key, note)",
        "'2024-01-01 12:00:00'",
        r#"["2024-01-01 12:00:00"]"#,
        "1704110400",
        r#"["1704110400"]"#,
    ),
    ("(id primary key, note)", "7", r#"["7"]"#, "'x'", r#"["x"]"#),
    ("(id any primary key, note text) strict", "7", r#"["7"]"#, "'x'", r#"["x"]"#),
];

#[actix_web::test]
async fn keys_of_every_type_are_logged_as_their_text_on_sqlite() {
    let table = |(at, key): (usize, &(&str, _, _, _, _))| format!("create table t{at} {};", key.0);
    let sqlite = Attached::with(&KEYS.iter().enumerate().map(table).collect::<String>()).await;
    let catalog = sqlite.catalog().await;
    for (at, (definition, one, one_key, other, other_key)) in KEYS.iter().enumerate() {
        let log = sqlite.logged(&format!(
            "insert into t{at} values ({one}, 1); update t{at} set note = 'x'; update t{at} set id = {other};
             delete from t{at}"
        ));
        let keys = [one_key, one_key, one_key, other_key, other_key].map(|key| format!("t{at} {key}"));
        assert_eq!(log, keys, "{definition}");
        let table = catalog.table("main", &format!("t{at}")).unwrap();
        let key = attach::key_expression(table, "r", DbBackend::Sqlite).unwrap();
        sqlite.execute(&format!("insert into t{at} values ({one}, 1)"));
        assert_eq!(sqlite.texts(&format!("select {key} from t{at} r")), [*one_key], "{definition}");
    }
}

#[actix_web::test]
async fn keys_with_a_null_are_not_logged_on_sqlite() {
    let sqlite = Attached::with("create table t (a integer, b text, note, primary key (b, a))").await;
    let log = sqlite.logged(
        "insert into t values (null, 'x', 1), (1, null, 1), (null, null, 1), (2, 'y', 1);
         update t set note = 2; update t set a = 3 where b = 'x'; update t set b = null where a = 2; delete from t",
    );
    let keys = ["[\"y\", 2]", "[\"y\", 2]", "[\"x\", 3]", "[\"y\", 2]", "[\"x\", 3]"];
    assert_eq!(log, keys.map(|key| format!("t {key}")));
}

#[actix_web::test]
async fn names_of_every_kind_are_quoted_on_sqlite() {
    let names = [
        "select",
        "Mixed Case",
        "a.b",
        "it's \"quoted\"",
        "[x]",
        "`y`",
        "back\\slash'",
        "new",
        "täglich 日本",
        " ",
        "-- x",
    ];
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let table = |name: &&str| {
        format!(
            "create table {0} ({0} text primary key, \"old\" integer, version integer not null default 1);",
            quoted(name)
        )
    };
    let sqlite = Attached::before(&names.iter().map(table).collect::<String>()).await;
    let all = names.map(super::database::table).into();
    sqlite.attach(&attach::Options { count_versions: all, ..Default::default() }).await;
    for name in names {
        let at = quoted(name);
        let log = sqlite.logged(&format!(
            "insert into {at} ({at}) values ('k'); update {at} set {at} = 'l', version = 2; delete from {at}"
        ));
        assert_eq!(log, ["k", "k", "l", "l"].map(|key| format!("{name} [\"{key}\"]")));
    }
    sqlite.detach().await;
}
