use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::*;

fn part() -> impl Strategy<Value = KeyPart> {
    prop_oneof![any::<i64>().prop_map(KeyPart::Number), any::<String>().prop_map(|text| (&*text).into())]
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        any::<i64>().prop_map(Key::Number),
        any::<String>().prop_map(|text| (&*text).into()),
        vec(part(), 2..4).prop_map(Key::from),
    ]
}

/// The sample key with this number: a number, a text, or two columns, depending on the kind.
pub(crate) fn sample(kind: usize, number: u8) -> Key {
    let text = format!("{:02x}é\"", number.wrapping_mul(37));
    match kind % 3 {
        0 => i64::from(number).into(),
        1 => (&*text).into(),
        _ => vec![(i64::from(number) / 7).into(), (&*text).into()].into(),
    }
}

/// Sample keys of all kinds.
pub(crate) fn samples(numbers: std::ops::Range<u8>) -> impl Strategy<Value = Key> + Clone {
    (0..3_usize, numbers).prop_map(|(kind, number)| sample(kind, number))
}

fn text_of(key: &Key, columns: &[KeyColumn]) -> String {
    let mut json = Vec::new();
    key.write_json(columns, &mut json);
    String::from_utf8(json).unwrap()
}

#[test]
fn key_has_16_bytes() {
    assert_eq!((size_of::<Key>(), size_of::<Option<Key>>(), size_of::<KeyRef<'_>>()), (16, 16, 16));
}

#[test]
fn keys_are_ordered_by_value_code_point_and_column() {
    let columns = |number: i64, text: &str| Key::from(vec![number.into(), text.into()]);
    let ordered: [Key; 11] = [
        i64::MIN.into(),
        2.into(),
        10.into(),
        i64::MAX.into(),
        "".into(),
        "10".into(),
        "2".into(),
        "Z".into(),
        "a".into(),
        columns(2, "b"),
        columns(10, "a"),
    ];
    assert!(ordered.is_sorted(), "{ordered:?}");
    assert!(columns(2, "a") < columns(2, "b"));
    assert!(Key::from("\u{ffff}") < Key::from("\u{10000}"), "by code point, not by unit of UTF-16");
}

#[test]
fn json_is_number_text_or_object() {
    assert_eq!(text_of(&(-7).into(), &[KeyColumn::number("id")]), "-7");
    assert_eq!(text_of(&"a\"\n".into(), &[KeyColumn::text("slug")]), r#""a\"\n""#);
    let composite = Key::from(vec![7.into(), "north".into()]);
    assert_eq!(
        text_of(&composite, &[KeyColumn::number("gym"), KeyColumn::text("room")]),
        r#"{"gym":7,"room":"north"}"#
    );
}

#[test]
fn array_has_the_values_of_any_number_of_columns() {
    let composite = Key::from(vec![10248.into(), "a\"é".into()]);
    for (key, json) in
        [(Key::from(7), "[7]"), ("ALFKI".into(), r#"["ALFKI"]"#), (composite, r#"[10248,"a\"é"]"#)]
    {
        assert_eq!(key.to_json_array(), json);
        assert_eq!(Key::from_json_array(json), Some(key));
    }
    assert_eq!(Key::from_json_array(r#" [ 10248 , "" ] "#), Some(vec![10248.into(), "".into()].into()));
    for other in ["", "7", "[]", "[null]", "[1.5]", "[[7]]", "[9223372036854775808]", r#"{"id": 7}"#] {
        assert_eq!(Key::from_json_array(other), None, "{other}");
    }
}

#[test]
fn messages_and_logs_show_keys_without_their_type() {
    let keys: [Key; 3] = [7.into(), "north".into(), vec![7.into(), "north".into()].into()];
    assert_eq!(keys.each_ref().map(ToString::to_string), ["7", "north", "(7, north)"]);
    assert_eq!(format!("{keys:?}"), r#"[7, "north", (7, "north")]"#);
    assert_eq!(keys.each_ref().map(Key::as_number), [Some(7), None, None]);
}

#[test]
fn clones_share_the_text() {
    let key = Key::from("north");
    let (Key::Text(one), Key::Text(two)) = (&key, key.as_key_ref().to_key()) else { unreachable!() };
    assert!(Arc::ptr_eq(one, &two));
}

#[test]
fn memory_counts_texts() {
    assert_eq!(Key::from(7).heap_memory(), 0);
    assert_eq!(Key::from("north").heap_memory() - Key::from("").heap_memory(), 5);
    let composite = |text: &str| Key::from(vec![7.into(), text.into()]).heap_memory();
    assert_eq!(composite("north") - composite(""), 5);
}

proptest! {
    #[test]
    fn order_is_that_of_plain_values(one in vec(any::<i64>(), 2), two in vec(any::<i64>(), 2), texts in any::<[String; 2]>()) {
        let [first, second] = &texts;
        prop_assert_eq!(Key::from(one[0]).cmp(&two[0].into()), one[0].cmp(&two[0]));
        prop_assert_eq!(Key::from(&**first).cmp(&(&**second).into()), first.as_bytes().cmp(second.as_bytes()));
        let columns = |numbers: &[i64]| Key::from(numbers.iter().copied().map(KeyPart::from).collect::<Vec<_>>());
        prop_assert_eq!(columns(&one).cmp(&columns(&two)), one.cmp(&two));
    }

    #[test]
    fn reference_has_the_order_of_its_key(one in any_key(), two in any_key()) {
        prop_assert_eq!(one.as_key_ref().cmp(&two.as_key_ref()), one.cmp(&two));
        prop_assert_eq!(one.as_key_ref() == two.as_key_ref(), one == two);
        prop_assert_eq!(&one.as_key_ref().to_key(), &one);
    }

    #[test]
    fn array_is_read_as_the_same_key(key in any_key()) {
        prop_assert_eq!(Key::from_json_array(&key.to_json_array()), Some(key));
    }

    #[test]
    fn json_contains_the_values(key in any_key()) {
        let names = ["a", "b", "c"];
        let value = |part: &KeyPart| match part {
            KeyPart::Number(number) => json!(number),
            KeyPart::Text(text) => json!(text),
        };
        let (columns, expected) = match &key {
            Key::Number(number) => (1, json!(number)),
            Key::Text(text) => (1, json!(&***text)),
            Key::Columns(parts) => {
                let named = names.iter().zip(parts.iter()).map(|(name, part)| (name.to_string(), value(part)));
                (parts.len(), Value::Object(named.collect()))
            }
        };
        let named = names.map(KeyColumn::number);
        let json = text_of(&key, &named[..columns]);
        prop_assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), expected);
    }
}

#[test]
fn number_is_text_where_javascript_would_lose_digits() {
    let large = (1_i64 << 53) + 1;
    for (column, number, expected) in [
        (KeyColumn::number("id"), large, "9007199254740993"),
        (KeyColumn::safe_number("id"), large, r#""9007199254740993""#),
        (KeyColumn::safe_number("id"), -7, "-7"),
        (KeyColumn::digits("id"), 7, r#""7""#),
    ] {
        assert_eq!(text_of(&number.into(), &[column]), expected, "{column:?}");
    }
    let composite = Key::from(vec![7.into(), large.into()]);
    let columns = [KeyColumn::digits("a"), KeyColumn::safe_number("b")];
    assert_eq!(text_of(&composite, &columns), r#"{"a":"7","b":"9007199254740993"}"#);
}
