//! Keys and checks of PostgreSQL.

use rowcast::catalog::{
    ForeignKey, PrimaryKey, ReferentialAction, UniqueKey,
    checks::{Bound, LikeCase, Literal, Rule},
};

use super::{
    database::Postgres, length, one_of, postgres::SCHEMA, qualified, range, reference, rule, strings,
    summary, unique,
};

#[actix_web::test]
async fn primary_keys_are_read_from_postgres() {
    let postgres = Postgres::with(SCHEMA).await;
    let catalog = postgres.catalog().await;
    let key = |name: &str| catalog.table("public", name).unwrap().primary_key.clone();
    let expected = |name: &str, columns| Some(PrimaryKey { name: Some(name.into()), columns, comment: None });
    assert_eq!(key("every_type"), expected("every_type_pkey", strings(["id"])));
    assert_eq!(key("select"), expected("select_pkey", strings(["where"])));
    assert_eq!(key("Mixed Case.and dots"), expected("Mixed Case.and dots_pkey", strings(["c d", "a.b"])));
    assert_eq!(key("bookings"), expected("bookings_pkey", strings(["at", "row_no", "seat_no"])));
    assert_eq!(key("seats"), expected("seats_pkey", strings(["seat_no", "row_no"])));
    assert_eq!(key("no_key"), None);
    assert_eq!(key("people_names"), None);
    postgres.remove().await;
}

#[actix_web::test]
async fn unique_keys_are_read_from_postgres() {
    let postgres = Postgres::with(SCHEMA).await;
    let catalog = postgres.catalog().await;
    let keys = |name: &str| catalog.table("public", name).unwrap().unique_keys.clone();
    assert_eq!(keys("select"), [unique(Some("select_order_key"), ["order"])]);
    assert_eq!(
        keys("people"),
        [
            UniqueKey {
                expressions: strings(["lower(email)"]),
                comment: Some("this address is taken".into()),
                ..unique(Some("people_email"), [])
            },
            UniqueKey {
                nulls_distinct: false,
                deferrable: true,
                ..unique(Some("no_twins"), ["manager_id", "email"])
            },
            UniqueKey {
                predicate: Some("(manager_id IS NULL)".into()),
                ..unique(Some("people_lead"), ["team"])
            },
            UniqueKey {
                comment: Some("this badge is taken".into()),
                ..unique(Some("one_badge"), ["team", "badge"])
            },
        ]
    );
    let plain: Vec<_> = keys("people").into_iter().filter(UniqueKey::is_plain).map(|key| key.name).collect();
    assert_eq!(plain, [Some("no_twins".into()), Some("one_badge".into())]);
    assert_eq!(keys("every_type"), []);
    postgres.remove().await;
}

#[actix_web::test]
async fn foreign_keys_are_read_from_postgres() {
    use ReferentialAction::{Cascade, Restrict, SetDefault, SetNull};
    let postgres = Postgres::with(SCHEMA).await;
    let catalog = postgres.catalog().await;
    let keys = |name: &str| catalog.table("public", name).unwrap().foreign_keys.clone();
    let public = |name: &str| qualified("public", name);
    assert_eq!(
        keys("people"),
        [
            ForeignKey {
                on_delete: Restrict,
                on_update: Cascade,
                comment: Some("no such deputy".into()),
                ..reference(Some("has_deputy"), ["deputy_id"], public("people"), ["id"])
            },
            ForeignKey {
                on_delete: SetNull,
                ..reference(Some("people_manager_id_fkey"), ["manager_id"], public("people"), ["id"])
            },
            ForeignKey {
                deferrable: true,
                ..reference(
                    Some("people_order_id_fkey"),
                    ["order_id"],
                    qualified("Sales Dept.", "order"),
                    ["id"]
                )
            },
        ]
    );
    assert_eq!(
        keys("bookings"),
        [ForeignKey {
            on_delete: Cascade,
            ..reference(
                Some("bookings_seat_no_row_no_fkey"),
                ["seat_no", "row_no"],
                public("seats"),
                ["seat_no", "row_no"]
            )
        }]
    );
    assert_eq!(keys("hens"), [reference(Some("hens_egg_fkey"), ["egg"], public("eggs"), ["id"])]);
    let hen = reference(Some("eggs_hen_fkey"), ["hen"], public("hens"), ["id"]);
    assert_eq!(keys("eggs"), [ForeignKey { on_delete: SetDefault, ..hen }]);
    // Without the rows for the partitions of the referenced table.
    assert_eq!(keys("readings"), [reference(Some("readings_at_fkey"), ["at"], public("measures"), ["at"])]);
    postgres.remove().await;
}

#[actix_web::test]
async fn checks_are_read_from_postgres() {
    let postgres = Postgres::with(SCHEMA).await;
    let catalog = postgres.catalog().await;
    let checks = &catalog.table("public", "checked").unwrap().checks;
    let number = |value: &str| Literal::Number(value.into());
    let over_half = Bound { value: number("0.5"), inclusive: false };
    let price = Rule::Any(vec![Rule::Range { min: Some(over_half), max: None }, Rule::Null]);
    let since = Bound { value: Literal::Time("2020-01-01".into()), inclusive: true };
    let values = (0..30).map(|n| Literal::Text(format!("a{n:037}")));
    let code = Rule::Matches { pattern: "^[A-Z]{2}\\d+$".into(), ignore_case: false };
    let email = Rule::Like { pattern: "%@%".into(), escape: Some('\\'), case: LikeCase::Sensitive };
    let open = one_of(["open", "it's", "closed"]);
    let filled = Rule::Not(Box::new(Rule::Null));
    assert_eq!(
        checks.iter().map(summary).collect::<Vec<_>>(),
        [
            (Some("by_function"), vec!["name", "age"], vec![rule("age", filled)], false),
            (
                Some("checked_age_check"),
                vec!["age"],
                vec![rule("age", range(Some(("18", true)), Some(("150", false))))],
                true
            ),
            (Some("checked_code_check"), vec!["code"], vec![rule("code", code)], true),
            (
                Some("checked_day_check"),
                vec!["day"],
                vec![rule("day", Rule::Range { min: Some(since), max: None })],
                true
            ),
            (Some("checked_email_check"), vec!["email"], vec![rule("email", email)], true),
            (
                Some("checked_feeling_check"),
                vec!["feeling"],
                vec![rule("feeling", one_of(["sad", "happy"]))],
                true
            ),
            (Some("checked_name_check"), vec!["name"], vec![rule("name", length(2, Some(40)))], true),
            (Some("checked_price_check"), vec!["price"], vec![rule("price", price)], true),
            (Some("checked_slug_check"), vec!["slug"], vec![rule("slug", length(1, None))], true),
            (Some("in_order"), vec!["low", "high"], vec![], false),
            (Some("known_status"), vec!["status"], vec![rule("status", open)], true),
            (Some("long_list"), vec!["long"], vec![rule("long", Rule::OneOf(values.collect()))], true),
            (
                Some("two_columns"),
                vec!["low", "high"],
                vec![
                    rule("low", range(Some(("0", false)), None)),
                    rule("high", range(None, Some(("10", false))))
                ],
                true
            ),
        ]
    );
    let check = |name: &str| checks.iter().find(|check| check.name.as_deref() == Some(name)).unwrap();
    assert_eq!(check("known_status").comment.as_deref(), Some("open or closed"));
    assert_eq!(check("in_order").sql, "(low <= high)");
    assert!(check("long_list").sql.len() > 1_400, "{}", check("long_list").sql.len());
    postgres.remove().await;
}
