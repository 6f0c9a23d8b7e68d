use serde_json::value::RawValue;

use super::*;
use crate::{
    key::KeyColumn,
    live::cache::{Cache, Rows},
};

fn view(key_columns: &'static [KeyColumn], rows: [(Key, &str); 1]) -> CollectionView {
    let raw = |row: &str| Some(RawValue::from_string(row.to_owned()).unwrap());
    let (mut cache, rows) = (Cache::default(), rows.map(|(key, row)| (key, raw(row))));
    cache.update(&Rows::from(rows));
    CollectionView::new("rooms", key_columns, true, cache)
}

fn written(view: &CollectionView, keys: &[Key]) -> String {
    let mut json = Vec::new();
    write_collection(&mut json, view, &keys.iter().collect::<Vec<_>>());
    String::from_utf8(json).unwrap()
}

#[test]
fn deleted_numbers_are_written_as_numbers() {
    let rooms = view(const { &[KeyColumn::number("id")] }, [(2.into(), r#"{"id":2}"#)]);
    let expected = r#","rooms":{"upserted":[{"id":2}],"deleted":[-1,9]}"#;
    assert_eq!(written(&rooms, &[(-1).into(), 2.into(), 9.into()]), expected);
    assert_eq!(written(&rooms, &[2.into()]), r#","rooms":{"upserted":[{"id":2}],"deleted":[]}"#);
}

#[test]
fn deleted_texts_are_written_as_strings() {
    let rooms = view(const { &[KeyColumn::text("slug")] }, [("b".into(), r#"{"slug":"b"}"#)]);
    let expected = r#","rooms":{"upserted":[{"slug":"b"}],"deleted":["a\"","é"]}"#;
    assert_eq!(written(&rooms, &["a\"".into(), "b".into(), "é".into()]), expected);
}

#[test]
fn deleted_rows_with_several_key_columns_are_written_as_objects() {
    let key = |gym: i64, room: &str| Key::from(vec![gym.into(), room.into()]);
    let rooms = view(
        const { &[KeyColumn::number("gym"), KeyColumn::text("room")] },
        [(key(7, "a"), r#"{"gym":7,"room":"a"}"#)],
    );
    let expected = r#","rooms":{"upserted":[{"gym":7,"room":"a"}],"deleted":[{"gym":7,"room":"b"},{"gym":8,"room":"a"}]}"#;
    assert_eq!(written(&rooms, &[key(7, "a"), key(7, "b"), key(8, "a")]), expected);
}
