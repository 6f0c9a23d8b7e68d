//! Rules of single texts. [`oracle`] compares them with SQLite's own evaluation.

mod hostile;
mod oracle;

use super::{
    super::{EnumType, IntegerWidth, QualifiedName},
    *,
};

fn bound(value: Literal, inclusive: bool) -> Option<Bound> {
    Some(Bound { value, inclusive })
}

fn number(digits: &str) -> Literal {
    Literal::Number(digits.into())
}

fn texts<const N: usize>(values: [&str; N]) -> Rule {
    Rule::OneOf(values.map(|value| Literal::Text(value.into())).into())
}

fn numbers<const N: usize>(values: [&str; N]) -> Rule {
    Rule::OneOf(values.map(number).into())
}

fn at_least(digits: &str) -> Rule {
    Rule::Range { min: bound(number(digits), true), max: None }
}

fn over(digits: &str) -> Rule {
    Rule::Range { min: bound(number(digits), false), max: None }
}

fn length(min: u64, max: Option<u64>) -> Rule {
    Rule::Length { min, max }
}

fn not(rule: Rule) -> Rule {
    Rule::Not(Box::new(rule))
}

fn matches(pattern: &str, ignore_case: bool) -> Rule {
    Rule::Matches { pattern: pattern.into(), ignore_case }
}

fn like(pattern: &str, escape: Option<char>, case: LikeCase) -> Rule {
    Rule::Like { pattern: pattern.into(), escape, case }
}

/// The rules of a text, with columns of several types.
fn rules(sql: &str, dialect: Dialect) -> Rules {
    let mood = ColumnType::Enum(EnumType {
        name: QualifiedName::new("public", "mood"),
        values: vec!["sad".into(), "ok".into()],
        comment: None,
    });
    let text = ColumnType::Text { max_length: None };
    let (age, price) =
        (ColumnType::Integer(IntegerWidth::Bits16), ColumnType::Decimal { precision: None, scale: None });
    let columns = [
        ("name", &text, true),
        ("Odd Name", &text, true),
        ("code", &text, false),
        ("age", &age, true),
        ("price", &price, true),
        ("real", &ColumnType::Real, true),
        ("day", &ColumnType::Date, true),
        ("at", &ColumnType::TimestampTz, true),
        ("mood", &mood, true),
        ("done", &ColumnType::Boolean, true),
        ("id", &ColumnType::Uuid, true),
    ];
    let subject = |(name, column_type, exact_text)| Subject { name, column_type, exact_text };
    Rules::of(sql, dialect, &columns.map(subject))
}

/// Asserts that a text is equivalent to these rules.
fn assert_rules<const N: usize>(dialect: Dialect, sql: &str, expected: [(&str, Rule); N]) {
    let expected = expected.map(|(column, rule)| ColumnRule { column: column.into(), rule });
    assert_eq!(rules(sql, dialect), Rules { rules: expected.into(), complete: true }, "{sql}");
}

#[test]
fn catalog_checks_of_postgres_are_recognised_in_their_normal_form() {
    let is = |sql, column, rule| assert_rules(Dialect::Postgres, sql, [(column, rule)]);
    is("((length(name) >= 2) AND (length(name) <= 40))", "name", length(2, Some(40)));
    is("(char_length((name)::text) > 2)", "name", length(3, None));
    is("(length(name) < 5)", "name", length(0, Some(4)));
    is("(length(name) = 36)", "name", length(36, Some(36)));
    is("(length(name) <> 0)", "name", length(1, None));
    is("(40 >= length(name))", "name", length(0, Some(40)));
    is("(name <> ''::text)", "name", length(1, None));
    is("(name = 'a'::text)", "name", texts(["a"]));
    is("((\"Odd Name\")::text = 'it''s'::text)", "Odd Name", texts(["it's"]));
    is(
        "((name)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
        "name",
        texts(["a", "b"]),
    );
    is(
        "((name)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))",
        "name",
        texts(["a", "b"]),
    );
    is("(name <> ALL (ARRAY['a'::text, 'b'::text]))", "name", not(texts(["a", "b"])));
    is("(mood = ANY (ARRAY['sad'::public.mood, 'ok'::public.mood]))", "mood", texts(["sad", "ok"]));
    is("(mood <> 'sad'::public.mood)", "mood", not(texts(["sad"])));
    is("(age = ANY (ARRAY[1, 2]))", "age", numbers(["1", "2"]));
    is("(age >= 18)", "age", at_least("18"));
    is("((price)::numeric > 0.5)", "price", over("0.5"));
    is("(price > (0)::numeric)", "price", over("0"));
    is("(price > ('-5'::integer)::numeric)", "price", over("-5"));
    is("(age > '-5'::integer)", "age", over("-5"));
    is("(0 < age)", "age", over("0"));
    is("(name ~ '^[A-Z]{2}\\d+$'::text)", "name", matches("^[A-Z]{2}\\d+$", false));
    is("((name)::text !~* 'x'::text)", "name", not(matches("x", true)));
    is("(name ~~ '%@%'::text)", "name", like("%@%", Some('\\'), LikeCase::Sensitive));
    is("(name !~~* 'a_'::text)", "name", not(like("a_", Some('\\'), LikeCase::Insensitive)));
    is("(name IS NOT NULL)", "name", not(Rule::Null));
    is("(done = true)", "done", Rule::OneOf(vec![Literal::Boolean(true)]));
    is("(NOT (age < 0))", "age", not(Rule::Range { min: None, max: bound(number("0"), false) }));
    let id = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    is(&format!("(id <> '{id}'::uuid)"), "id", not(texts([id])));
}

#[test]
fn catalog_checks_compare_times_of_the_same_type() {
    let time = |text: &str| Rule::Range { min: bound(Literal::Time(text.into()), true), max: None };
    let is = |sql, column, rule| assert_rules(Dialect::Postgres, sql, [(column, rule)]);
    is("(day >= '2020-01-01'::date)", "day", time("2020-01-01"));
    let instant = "2020-01-01 00:00:00.5+00";
    is(&format!("(at >= '{instant}'::timestamp with time zone)"), "at", time(instant));
    for other in [
        "(day >= '01.01.2020'::date)",
        "(day >= 'infinity'::date)",
        "(at >= '2020-01-01'::date)",
        "(at >= '2020-01-01 00:00:00+01'::timestamp with time zone)",
        "(day >= CURRENT_DATE)",
        "(day >= now())",
    ] {
        assert_eq!(rules(other, Dialect::Postgres), Rules { rules: vec![], complete: false }, "{other}");
    }
}

#[test]
fn catalog_checks_of_sqlite_are_recognised_as_they_are_written() {
    let is = |sql, column, rule| assert_rules(Dialect::Sqlite, sql, [(column, rule)]);
    is("length(name) between 2 and 40", "name", length(2, Some(40)));
    is("LENGTH(NAME)>=2 -- characters\n and/**/length([name])<=40", "name", length(2, Some(40)));
    is("\"odd name\" != ''", "Odd Name", length(1, None));
    is("name in ('a', 'b')", "name", texts(["a", "b"]));
    is("`name` NOT IN ('a')", "name", not(texts(["a"])));
    is("name = 'a' or name == 'b'", "name", texts(["a", "b"]));
    is("age>=-1", "age", at_least("-1"));
    is("age > - -1", "age", over("1"));
    is(
        "price between 0 and 1.5",
        "price",
        Rule::Range { min: bound(number("0"), true), max: bound(number("1.5"), true) },
    );
    is("name like 'a%'", "name", like("a%", None, LikeCase::AsciiInsensitive));
    is("name not like '5!%' escape '!'", "name", not(like("5!%", Some('!'), LikeCase::AsciiInsensitive)));
    is("name notnull", "name", not(Rule::Null));
    is("name NOT NULL", "name", not(Rule::Null));
    is("done in (0, 1)", "done", Rule::OneOf(vec![Literal::Boolean(false), Literal::Boolean(true)]));
    is("length(code) > 0", "code", length(1, None));
    is("price is null or price > 0", "price", Rule::Any(vec![Rule::Null, over("0")]));
}

#[test]
fn catalog_checks_of_several_columns_become_several_rules() {
    let sql = "((age > 0) AND (name <> ''::text) AND (age <= 9))";
    let age = Rule::Range { min: bound(number("0"), false), max: bound(number("9"), true) };
    assert_rules(Dialect::Postgres, sql, [("age", age), ("name", length(1, None))]);

    let sql = "((age < 2) OR ((age > 5) AND (age <> 7)))";
    let low = Rule::Range { min: None, max: bound(number("2"), false) };
    let high = Rule::All(vec![over("5"), not(numbers(["7"]))]);
    assert_rules(Dialect::Postgres, sql, [("age", Rule::Any(vec![low, high]))]);
}

#[test]
fn catalog_checks_are_incomplete_where_a_part_is_not_recognised() {
    for part in [
        "(length(TRIM(BOTH FROM name)) > 0)",
        "(age < price)",
        "(CASE WHEN (age > 1) THEN true ELSE false END)",
        "((age + 1) > 2)",
        "public.is_good(name)",
        "(EXISTS ( SELECT 1))",
        "((name COLLATE \"de\") = 'a'::text)",
        "((ARRAY[1, 2])[1] = age)",
        "(ROW(age, price) = ROW(1, (2)::numeric))",
        "((age IS NULL) OR (price IS NULL))",
        "(age IS DISTINCT FROM 5)",
    ] {
        let found = rules(&format!("({part} AND (age >= 18))"), Dialect::Postgres);
        let age = ColumnRule { column: "age".into(), rule: at_least("18") };
        assert_eq!(found, Rules { rules: vec![age], complete: false }, "{part}");
    }
}

#[test]
fn catalog_checks_with_other_semantics_are_not_recognised() {
    let none = Rules { rules: vec![], complete: false };
    for sql in [
        // Without case, or without trailing spaces.
        "(code = 'a'::text)",
        "(length(code) > 2)",
        "(name > 'a'::text)",
        "(mood > 'sad'::public.mood)",
        // The cast rounds or cuts.
        "((price)::integer > 5)",
        "((name)::character varying(2) = 'ab'::text)",
        "(age = (2.5)::integer)",
        "(real > (0.1)::double precision)",
        "(age = ANY (ARRAY[]::integer[]))",
        "(age = ANY (ARRAY[1, NULL::integer]))",
        "((age)::text ~ '1'::text)",
        "(price > 'NaN'::numeric)",
        "(length(age) > 1)",
        "(unknown > 1)",
        "(name OPERATOR(public.=) 'a'::text)",
        "(age < 1 < 2)",
        "age",
        "",
    ] {
        assert_eq!(rules(sql, Dialect::Postgres), none, "{sql}");
    }
    for sql in
        ["code = 'a'", "name ~ 'a'", "age > 0x10", "age > 1e3", "name = \"a\"", "name in ()", "name glob 'a'"]
    {
        assert_eq!(rules(sql, Dialect::Sqlite), none, "{sql}");
    }
}
