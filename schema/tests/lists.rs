//! List requests: decoding and errors.
#![allow(clippy::unwrap_used, reason = "a test may")]

use rowcast_schema::{Condition, Filter, ListRequest, Op, PayloadError, Scalar, Sort};
use serde_json::{Value, json, value::RawValue};

fn decode(payload: &Value) -> Result<ListRequest, Value> {
    let raw = RawValue::from_string(payload.to_string()).unwrap();
    rowcast_schema::decode(&raw).map_err(|invalid| match invalid {
        PayloadError::Fields(errors) => serde_json::to_value(errors).unwrap(),
        PayloadError::Payload(sentence) => sentence.into(),
    })
}

fn filter(conditions: Value) -> Vec<(String, Op)> {
    let Filter::All(all) = decode(&json!({ "where": conditions })).unwrap().filter else { panic!("not all") };
    let condition = |filter| match filter {
        Filter::Condition(Condition { column, op, .. }) => (column, op),
        other => panic!("{other:?}"),
    };
    all.into_iter().map(condition).collect()
}

/// The filter in words, with the fields of errors.
fn in_words(filter: &Filter) -> String {
    let list = |parts: &[Filter]| parts.iter().map(in_words).collect::<Vec<_>>().join(", ");
    match filter {
        Filter::All(parts) => format!("all({})", list(parts)),
        Filter::Any(parts) => format!("any({})", list(parts)),
        Filter::Not(inner) => format!("not({})", in_words(inner)),
        Filter::Condition(condition) => format!("{} {:?}", condition.field(), condition.op),
    }
}

#[test]
fn conditions_are_combined_at_any_level() {
    let request = json!({
        "age": 1,
        "and": [{ "a": { "is_null": true } }, {}],
        "not": { "or": [{ "b": { "starts_with": "x" } }, { "not": { "c": { "has": 2 } } }] },
        "or": [],
    });
    let filter = decode(&json!({ "where": request })).unwrap().filter;
    let expected = "all(where.age Eq(Number(\"1\")), all(all(where.and.0.a IsNull(true)), all()), \
        not(all(any(all(where.not.or.0.b StartsWith(\"x\")), all(not(all(where.not.or.1.not.c Has(Number(\"2\")))))))), any())";
    assert_eq!(in_words(&filter), expected);
}

#[test]
fn column_may_be_called_like_a_combination() {
    let all = filter(json!({ "and": 1, "not": { "gte": 2, "lt": 3 }, "or": { "eq": "x" } }));
    let expected = [
        ("and", Op::Eq(number("1"))),
        ("not", Op::Gte(number("2"))),
        ("not", Op::Lt(number("3"))),
        ("or", Op::Eq(text("x"))),
    ];
    assert_eq!(all, expected.map(|(column, op)| (column.to_owned(), op)));
}

#[test]
fn mistake_in_a_combination_is_named_by_its_place() {
    let request = json!({
        "or": [{ "age": { "above": 3 } }, 7, { "and": [{ "b": { "is_null": "perhaps" } }] }],
        "not": { "c": [1] },
    });
    let expected = json!({
        "where.or.0.age": OPS,
        "where.or.1": SHAPE,
        "where.or.2.and.0.b": "must be true or false",
        "where.not.c": "must be one value; for several, use in",
    });
    assert_eq!(decode(&json!({ "where": request })), Err(expected));
}

#[test]
fn filter_beyond_limits_is_refused() {
    let refused = |filter: Value| decode(&json!({ "where": filter })).unwrap_err();
    let nested = |levels: usize| (0..levels).fold(json!({ "a": 1 }), |inner, _| json!({ "not": inner }));
    assert!(decode(&json!({ "where": nested(8) })).is_ok());
    assert_eq!(refused(nested(9)), json!({ "where": "must be nested at most 8 levels deep" }));
    let many = json!({ "where": "must have at most 64 conditions" });
    assert_eq!(refused(json!({ "or": vec![json!({ "a": 1 }); 33] })), many);
    assert_eq!(refused(json!({ "or": vec![json!({}); 65] })), many);
    assert!(decode(&json!({ "where": { "or": vec![json!({ "a": 1 }); 32] } })).is_ok());
    let columns: Value = (0..65).map(|n| (n.to_string(), n.into())).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(refused(columns), many);
}

const OPS: &str = "must use eq, ne, gt, gte, lt, lte, in, contains, starts_with, is_null or has";
const SHAPE: &str = r#"must be an object, like {"id":{"ne":null}}"#;

fn number(number: &str) -> Scalar {
    Scalar::Number(number.into())
}

fn text(text: &str) -> Scalar {
    Scalar::Text(text.into())
}

#[test]
fn empty_request_defaults_to_fifty_rows() {
    for payload in [json!(null), json!({}), json!({ "where": null, "sort": "", "limit": "", "after": "" })] {
        assert_eq!(decode(&payload), Ok(ListRequest::default()), "{payload}");
    }
    assert_eq!(ListRequest::default().limit, 50);
}

#[test]
fn condition_accepts_value_or_operators() {
    let all = filter(json!({
        "name": " Ada ",
        "username": null,
        "age": { "gte": "18", "lt": 65, "ne": 40.0 },
        "day": { "in": ["Monday", 2], "contains": "on", "eq": "x", "gt": "A", "lte": "Z" },
    }));
    let expected = [
        ("age", Op::Gte(text("18"))),
        ("age", Op::Lt(number("65"))),
        ("age", Op::Ne(number("40.0"))),
        ("day", Op::Contains("on".into())),
        ("day", Op::Eq(text("x"))),
        ("day", Op::Gt(text("A"))),
        ("day", Op::In(vec![text("Monday"), number("2")])),
        ("day", Op::Lte(text("Z"))),
        ("name", Op::Eq(text(" Ada "))),
        ("username", Op::Eq(Scalar::Null)),
    ];
    assert_eq!(all, expected.map(|(column, op)| (column.to_owned(), op)));
    assert_eq!(number("40.0").integer(), Ok(40));
    assert_eq!(text(" 18 ").integer(), Ok(18));
    assert_eq!(text("x").integer(), Err("must be a whole number"));
    for same in ["900", "900.0", "9e2"] {
        assert_eq!(number(same).text().as_deref(), Ok("900"));
    }
    assert_eq!(number("9007199254740992").integer(), Err("must be at most 9007199254740991"));
    assert_eq!((number("1.5").number(), text("x").number()), (Ok(1.5), Err("must be a number")));
    assert_eq!(
        [Scalar::Bool(true), number("1"), text("off"), number("2")].map(|scalar| scalar.boolean()),
        [Ok(true), Ok(true), Ok(false), Err("must be true or false")]
    );
    assert!(Scalar::Bool(true).text().is_err());
}

#[test]
fn sort_columns_keep_their_order() {
    let sort = decode(&json!({ "sort": " name, -age " })).unwrap().sort;
    let by = |column: &str, descending| Sort { column: column.into(), descending };
    assert_eq!(sort, [by("name", false), by("age", true)]);
}

#[test]
fn invalid_request_reports_all_errors() {
    let request = json!({
        "where": {
            "age": { "above": 3 },
            "name": ["a"],
            "hour": { "in": 9 },
            "day": { "in": vec![1; 101] },
            "id": {},
            "version": { "gt": null },
            "focus": { "contains": "a\u{0}" },
            "picture": { "eq": { "eq": 1 } },
            "coach": { "id": 1 },
        },
        "sort": "name,,age",
        "limit": 501,
        "after": [],
        "limt": 3,
        "filter": {},
        "orderBy": "age",
    });
    let expected = json!({
        "where.age": OPS,
        "where.name": "must be one value; for several, use in",
        "where.hour": "must have a list for in",
        "where.day": "must list at most 100 values for in",
        "where.id": OPS,
        "where.version": "can be compared with null by eq and ne only",
        "where.focus": "must not contain control characters",
        "where.picture": "cannot be compared with a list or an object",
        "where.coach": "must be the id alone: 1, not {\"id\": 1}",
        "filter": "is not a field of a list request; did you mean where?",
        "orderBy": "is not a field of a list request; did you mean sort?",
        "sort": "must be column names with commas between, like -id",
        "limit": "must be at most 500",
        "after": "must be text",
        "limt": "is not a field of a list request; did you mean limit?",
    });
    assert_eq!(decode(&request), Err(expected));
}

#[test]
fn request_beyond_limits_is_refused() {
    let refused = |payload: Value| decode(&payload).unwrap_err();
    let at_least = json!({ "limit": "must be at least 1" });
    assert_eq!(refused(json!({ "limit": 0 })), at_least);
    assert_eq!(refused(json!({ "limit": -1 })), at_least);
    assert_eq!(refused(json!({ "limit": 1e30 })), json!({ "limit": "must be at most 9007199254740991" }));
    assert_eq!(decode(&json!({ "limit": "500" })).unwrap().limit, 500);
    assert_eq!(
        refused(json!({ "sort": "a,".repeat(8) + "a" })),
        json!({ "sort": "must name at most 8 columns" })
    );
    let names = json!({ "sort": "must be column names with commas between, like -id" });
    assert_eq!(refused(json!({ "sort": "age desc" })), names);
    assert_eq!(refused(json!({ "where": "age > 18" })), json!({ "where": SHAPE }));
}

#[test]
fn example_of_an_error_has_columns_of_the_collection() {
    let refused = |columns: &[&str]| {
        let payload = r#"{"where": 1, "sort": "title desc"}"#;
        let (_, errors) = ListRequest::read_for(serde_json::from_str(payload).unwrap(), columns).unwrap();
        ["where", "sort"].map(|field| errors.get(field).unwrap().split(", like ").last().unwrap().to_owned())
    };
    assert_eq!(refused(&["title", "done", "id"]), [r#"{"title":{"ne":null}}"#, "title,-done"]);
    assert_eq!(refused(&["the \"key\""]), [r#"{"the \"key\"":{"ne":null}}"#, "-the \"key\""]);
    assert_eq!(refused(&[]), [r#"{"id":{"ne":null}}"#, "-id"]);
}
