//! Keys and checks of SQLite.

use rowcast::catalog::{
    ForeignKey, PrimaryKey, ReferentialAction, SQLITE_SCHEMA, UniqueKey,
    checks::{Bound, LikeCase, Literal, Rule},
};

use super::{
    database::Sqlite, length, one_of, qualified, range, reference, rule, sqlite::SCHEMA, strings, summary,
    unique,
};

#[actix_web::test]
async fn primary_keys_are_read_from_sqlite() {
    let sqlite = Sqlite::with(SCHEMA).await;
    let catalog = sqlite.catalog().await;
    let key = |name: &str| catalog.table(SQLITE_SCHEMA, name).unwrap().primary_key.clone();
    let expected = |name: Option<&str>, columns| {
        let name = name.map(Into::into);
        Some(PrimaryKey { name, columns, comment: None })
    };
    assert_eq!(key("people"), expected(Some("numbered"), strings(["id"])));
    assert_eq!(key("select"), expected(None, strings(["where"])));
    assert_eq!(key("Mixed Case.and dots"), expected(None, strings(["c d", "a.b"])));
    assert_eq!(key("bookings"), expected(None, strings(["at", "row_no", "seat_no"])));
    assert_eq!(key("text_key"), expected(None, strings(["id"])));
    assert_eq!(key("no_key"), None);
    assert_eq!(key("people_names"), None);
}

#[actix_web::test]
async fn unique_keys_are_read_from_sqlite() {
    let sqlite = Sqlite::with(SCHEMA).await;
    let catalog = sqlite.catalog().await;
    let keys = |name: &str| catalog.table(SQLITE_SCHEMA, name).unwrap().unique_keys.clone();
    assert_eq!(keys("select"), [unique(None, ["order"])]);
    assert_eq!(
        keys("people"),
        [
            unique(None, ["manager_id", "email"]),
            UniqueKey { expressions: strings(["lower(email)"]), ..unique(Some("people_email"), ["team"]) },
            UniqueKey {
                predicate: Some("manager_id is null".into()),
                ..unique(Some("people_lead"), ["team"])
            },
            unique(Some("one_badge"), ["team", "badge"]),
        ]
    );
    assert_eq!(keys("seats"), []);
}

#[actix_web::test]
async fn foreign_keys_are_read_from_sqlite() {
    use ReferentialAction::{Cascade, Restrict, SetDefault, SetNull};
    let sqlite = Sqlite::with(SCHEMA).await;
    let catalog = sqlite.catalog().await;
    let keys = |name: &str| catalog.table(SQLITE_SCHEMA, name).unwrap().foreign_keys.clone();
    let main = |name: &str| qualified(SQLITE_SCHEMA, name);
    assert_eq!(
        keys("people"),
        [
            ForeignKey {
                deferrable: true,
                referenced_columns: vec![],
                ..reference(None, ["absent_id"], main("absent"), [""])
            },
            ForeignKey {
                on_delete: Restrict,
                on_update: Cascade,
                ..reference(Some("has_deputy"), ["deputy_id"], main("people"), ["id"])
            },
            ForeignKey { on_delete: SetNull, ..reference(None, ["manager_id"], main("people"), ["id"]) },
        ]
    );
    let seats = reference(None, ["seat_no", "row_no"], main("seats"), ["seat_no", "row_no"]);
    assert_eq!(keys("bookings"), [ForeignKey { on_delete: Cascade, ..seats }]);
    assert_eq!(keys("hens"), [reference(None, ["egg"], main("eggs"), ["id"])]);
    let hen = reference(None, ["hen"], main("hens"), ["id"]);
    assert_eq!(keys("eggs"), [ForeignKey { on_delete: SetDefault, ..hen }]);
}

#[actix_web::test]
async fn checks_are_read_from_sqlite() {
    let sqlite = Sqlite::with(SCHEMA).await;
    let catalog = sqlite.catalog().await;
    let checks = &catalog.table(SQLITE_SCHEMA, "checked").unwrap().checks;
    let over_half = Bound { value: Literal::Number("0.5".into()), inclusive: false };
    let price = Rule::Any(vec![Rule::Range { min: Some(over_half), max: None }, Rule::Null]);
    let email = Rule::Like { pattern: "%@%".into(), escape: None, case: LikeCase::AsciiInsensitive };
    let later = Rule::Not(Box::new(Rule::OneOf(vec![Literal::Number("5".into())])));
    let low_high =
        vec![rule("low", range(Some(("0", false)), None)), rule("high", range(None, Some(("10", false))))];
    assert_eq!(
        checks.iter().map(summary).collect::<Vec<_>>(),
        [
            (None, vec!["name"], vec![rule("name", length(2, Some(40)))], true),
            (
                Some("known_status"),
                vec!["status"],
                vec![rule("status", one_of(["open", "it's", "closed"]))],
                true
            ),
            (None, vec!["age"], vec![rule("age", range(Some(("18", true)), Some(("150", false))))], true),
            (None, vec!["price"], vec![rule("price", price)], true),
            (None, vec!["email"], vec![rule("email", email)], true),
            (None, vec!["slug"], vec![rule("slug", length(1, None))], true),
            (None, vec!["folded"], vec![], false),
            (None, vec!["later"], vec![rule("later", later)], true),
            (Some("in_order"), vec!["low", "high"], vec![], false),
            (None, vec!["low", "high"], low_high, true),
        ]
    );
    assert_eq!(checks[0].sql, "length(name) between 2 and 40");
    assert_eq!(checks[1].sql, "status in ('open', 'it''s', 'closed')");
}
