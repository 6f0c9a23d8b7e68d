use serde_json::value::RawValue;

use super::*;

fn row(key: impl Into<Key>, json: &str) -> Encoded {
    (key.into(), RawValue::from_string(json.to_owned()).unwrap())
}

fn members() -> TableOf {
    let key_columns = const { &[KeyColumn::number("id")] };
    TableOf {
        name: "members",
        log_name: "members",
        sql: "members".into(),
        key_columns,
        counts_versions: true,
        embedded_fields: None,
    }
}

#[test]
fn unversioned_change_is_distinguished_from_embedded_change() {
    let shown = [
        r#"{"id":1,"name":"Ada","version":1}"#,
        r#"{"id":2,"member":{"id":1,"name":"Ada"},"version":4}"#,
        r#"{"id":3,"member":{"id":1,"name":"Ada"},"version":4}"#,
        r#"{"id":4,"moves":[{"id":1},{"id":2}],"version":7}"#,
        r#"{"id":5,"name":"Ada","version":1}"#,
        r#"{"id":6,"name":"Ada","version":1}"#,
        r#"{"id":8,"name":"Ada","version":1}"#,
    ];
    let rows = [
        row(1, r#"{"id":1,"name":"Grace","version":1}"#),
        row(2, r#"{"id":2,"member":{"id":1,"name":"Grace"},"version":4}"#),
        row(3, r#"{"id":3,"member":{"id":2,"name":"Grace"},"version":4}"#),
        row(4, r#"{"id":4,"moves":[{"id":2},{"id":1}],"version":7}"#),
        row(5, r#"{"id":5,"name":"Grace","version":2}"#),
        row(6, r#"{"id":6,"name":"Ada","version":1}"#),
        row(7, r#"{"id":7,"name":"Ada","version":1}"#),
    ];
    let shown = [1, 2, 3, 4, 5, 6, 8].map(KeyRef::Number).into_iter().zip(shown.map(str::as_bytes));
    let found = Difference::between(members(), shown, &rows).unwrap();
    assert_eq!(found.keys, [1, 2, 3, 4, 5, 7, 8].map(Key::from));
    assert_eq!(found.same_version, [(1, 1), (3, 4), (4, 7)].map(|(id, version)| (id.into(), version)));
}

#[test]
fn rows_are_compared_by_keys_of_any_kind() {
    let composite = |room: &str| Key::from(vec![7.into(), room.into()]);
    let keys: [Key; 4] = ["a".into(), "b".into(), composite("a"), composite("b")];
    let shown = keys.iter().map(|key| (key.as_key_ref(), &b"1"[..]));
    let rows = [row("a", "1"), row("b", "2"), row(composite("a"), "1"), row(composite("c"), "1")];
    let found = Difference::between(members(), shown, &rows).unwrap();
    assert_eq!(found.keys, ["b".into(), composite("c"), composite("b")]);
}
