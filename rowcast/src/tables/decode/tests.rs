use super::{
    array::{NOT_LIST, UNEVEN},
    *,
};

fn decode(of: &ValueType, json: &str) -> Result<Option<String>, String> {
    let json = RawValue::from_string(json.to_owned()).unwrap();
    of.decode(&json, true).map_err(Into::into)
}

fn text(text: &str) -> Result<Option<String>, String> {
    Ok(Some(text.to_owned()))
}

fn refused(sentence: &str) -> Result<Option<String>, String> {
    Err(sentence.to_owned())
}

const INT2: ValueType = ValueType::Integer { min: -32768, max: 32767 };
const MONEY: ValueType = ValueType::Decimal { precision: Some(10), scale: Some(2) };
const HUNDREDS: ValueType = ValueType::Decimal { precision: Some(5), scale: Some(-2) };
const ANY_DECIMAL: ValueType = ValueType::Decimal { precision: None, scale: None };
const ANY_TEXT: ValueType = ValueType::Text { max_length: None };

#[test]
fn number_keeps_every_digit() {
    for (of, json, expected) in [
        (INT2, "44", text("44")),
        (INT2, r#"" 44 ""#, text("44")),
        (INT2, "32768", refused("must be at most 32767")),
        (INT2, "4.5", refused("must be a whole number")),
        (INT2, r#""""#, Ok(None)),
        (INT2, "null", Ok(None)),
        (INT2, "{}", refused("must be a whole number")),
        (ValueType::Digits, r#""9223372036854775807""#, text("9223372036854775807")),
        (ValueType::Digits, "-9223372036854775808", text("-9223372036854775808")),
        (ValueType::Digits, r#""9223372036854775808""#, refused("must be at most 9223372036854775807")),
        (ValueType::Digits, "1e3", text("1000")),
        (ValueType::Digits, r#""7.0""#, text("7")),
        (
            ValueType::Digits,
            r#""7.5""#,
            refused("must be a whole number, as text if it has more than 15 digits"),
        ),
        (MONEY, r#""12.50""#, text("12.50")),
        (MONEY, "12.5", text("12.5")),
        (MONEY, r#""12.500""#, text("12.500")),
        (MONEY, r#""12.505""#, refused("has more than 2 digits after the point")),
        (MONEY, r#""123456789.00""#, refused("has more than 8 digits before the point")),
        (MONEY, r#""Infinity""#, refused("must be a finite number")),
        (MONEY, r#""NaN""#, text("NaN")),
        (HUNDREDS, "12300", text("12300")),
        (HUNDREDS, r#""0""#, text("0")),
        (HUNDREDS, "12345", refused("must be a multiple of 100")),
        (HUNDREDS, "100.5", refused("must be a multiple of 100")),
        (HUNDREDS, "12345600", refused("has more than 7 digits before the point")),
        (ValueType::Money, r#""92233720368547758.07""#, text("92233720368547758.07")),
        (ValueType::Money, r#""-92233720368547758.08""#, text("-92233720368547758.08")),
        (ValueType::Money, r#""92233720368547758.08""#, refused("must be at most 92233720368547758.07")),
        (ValueType::Money, r#""-92233720368547758.09""#, refused("must be at least -92233720368547758.08")),
        (ValueType::Money, r#""1.005""#, refused("has more than 2 digits after the point")),
        (ValueType::Money, r#""NaN""#, refused("must be a finite number")),
        (ANY_DECIMAL, "0.10000000000000000000000000000001", text("0.10000000000000000000000000000001")),
        (ANY_DECIMAL, r#""-Infinity""#, text("-Infinity")),
        (ANY_DECIMAL, r#""1,5""#, refused("must be a number, as text if it has more than 15 digits")),
        (ValueType::Float, "0.1", text("0.1")),
        (ValueType::Float, r#""NaN""#, text("NaN")),
        (ValueType::Float, "5e-324", text("5e-324")),
        (ValueType::Float, "1e400", refused("is too large a number")),
    ] {
        assert_eq!(decode(&of, json), expected, "{of:?} {json}");
    }
}

#[test]
fn text_is_neither_trimmed_nor_truncated() {
    let short = ValueType::Text { max_length: Some(3) };
    for (of, json, expected) in [
        (&ANY_TEXT, r#""  a\t""#, text("  a\t")),
        (&ANY_TEXT, r#""""#, text("")),
        (&ANY_TEXT, "800", text("800")),
        (&ANY_TEXT, "true", refused(NOT_TEXT)),
        (&ANY_TEXT, r#""a\u0000""#, refused(NUL)),
        (&ANY_TEXT, r#""\ud800""#, refused(UNREADABLE)),
        (&short, r#""äöü""#, text("äöü")),
        (&short, r#""äöüß""#, refused("must have at most 3 characters")),
    ] {
        assert_eq!(decode(of, json), expected, "{of:?} {json}");
    }
}

#[test]
fn other_values_have_one_form() {
    let moods = ValueType::Enum(vec!["sad".into(), "ok".into()]);
    for (of, json, expected) in [
        (&ValueType::Boolean, r#""on""#, text("true")),
        (&ValueType::Boolean, "2", refused("must be true or false")),
        (
            &ValueType::Uuid,
            r#""0B7E0D4E-7C0A-4F6E-9D0A-1C2B3D4E5F60""#,
            text("0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60"),
        ),
        (&ValueType::Uuid, "7", refused("must be a UUID such as 0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60")),
        (&moods, r#""ok""#, text("ok")),
        (&moods, r#""glad""#, refused("must be one of sad, ok")),
        (&ValueType::Bytes, r#""AP8=""#, text("AP8=")),
        (&ValueType::Bytes, r#""AP8""#, text("AP8=")),
        (&ValueType::Bytes, r#""""#, text("")),
        (&ValueType::Bytes, r#""?""#, refused("must be bytes in Base64")),
    ] {
        assert_eq!(decode(of, json), expected, "{of:?} {json}");
    }
}

#[test]
fn null_of_json_differs_from_null_of_sql() {
    let (nullable, required) = (ValueType::Json { nullable: true }, ValueType::Json { nullable: false });
    for (of, json, expected) in [
        (&nullable, "null", Ok(None)),
        (&nullable, r#"{"$json": null}"#, text("null")),
        (&nullable, r#"{"$json": {"$json": 1}}"#, text(r#"{"$json": 1}"#)),
        (&nullable, r#"{"$json": 1, "b": 2}"#, text(r#"{"$json": 1, "b": 2}"#)),
        (&required, "null", text("null")),
        (&required, r#"{"$json": 1}"#, text(r#"{"$json": 1}"#)),
        (&required, r#"[1.50, "a"]"#, text(r#"[1.50, "a"]"#)),
        (&required, r#"["\u0000"]"#, refused(NUL)),
        (&required, r#"["\\u0000"]"#, text(r#"["\\u0000"]"#)),
    ] {
        assert_eq!(decode(of, json), expected, "{of:?} {json}");
    }
}

#[test]
fn list_is_a_literal_of_postgres() {
    let numbers = ValueType::Array(Box::new(INT2));
    let texts = ValueType::Array(Box::new(ANY_TEXT));
    let documents = ValueType::Array(Box::new(ValueType::Json { nullable: false }));
    for (of, json, expected) in [
        (&numbers, "[1, null, 3]", text(r#"{"1",NULL,"3"}"#)),
        (&numbers, "[[1, 2], [3, 4]]", text(r#"{{"1","2"},{"3","4"}}"#)),
        (&numbers, "[[1, 2], [3]]", refused(UNEVEN)),
        (&numbers, "[[1], 2]", refused(UNEVEN)),
        (&numbers, "[]", text("{}")),
        (&numbers, "[[]]", text("{}")),
        (&numbers, r#"[1, "x"]"#, refused("must be a whole number, at position 2")),
        (&numbers, "7", refused(NOT_LIST)),
        (&numbers, "[[[[[[[1]]]]]]]", refused("must be nested at most 6 levels deep")),
        (&texts, r#"["a\"b\\c", "", "NULL"]"#, text(r#"{"a\"b\\c","","NULL"}"#)),
        (&documents, r#"[[1], {"a": "x"}]"#, text(r#"{"[1]","{\"a\": \"x\"}"}"#)),
    ] {
        assert_eq!(decode(of, json), expected, "{of:?} {json}");
    }
}
