//! Any text is accepted, at any depth.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// Parts of conditions, in any order.
const PARTS: [&str; 60] = [
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    ";",
    "::",
    "=",
    "<>",
    "<=",
    ">",
    "~",
    "!~~*",
    "-",
    "+",
    "*",
    "||",
    "->>",
    "and",
    "or",
    "not",
    "is",
    "null",
    "in",
    "between",
    "like",
    "escape",
    "any",
    "all",
    "array",
    "case",
    "when",
    "end",
    "collate",
    "exists",
    "select",
    "cast",
    "as",
    "interval",
    "length",
    "char_length",
    "name",
    "age",
    "\"Odd Name\"",
    "[name]",
    "'a'",
    "'",
    "\"",
    "`",
    "''",
    "x'00'",
    "1",
    "1.5",
    "'-5'",
    "text",
    "character varying",
    "timestamp(3) with time zone",
    "--",
    "/*",
];

fn of_both(sql: &str) {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let _ = rules(sql, dialect);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn catalog_checks_accept_any_text(sql in any::<String>()) {
        of_both(&sql);
    }

    #[test]
    fn catalog_checks_accept_any_order_of_parts(parts in vec(select(&PARTS[..]), 0..60), space in "( |\n)?") {
        of_both(&parts.join(&space));
    }

    #[test]
    fn catalog_checks_accept_a_valid_text_with_a_damage(at in 0..100_usize, part in select(&PARTS[..])) {
        let valid = "(((name)::text = ANY ((ARRAY['a'::character varying, 'é'::text])::text[])) AND (age >= 1))";
        let at = (0..=at.min(valid.len())).rev().find(|at| valid.is_char_boundary(*at)).unwrap_or(0);
        of_both(&format!("{}{part}{}", &valid[..at], &valid[at..]));
        of_both(&valid[at..]);
        of_both(&valid[..at]);
    }

    #[test]
    fn catalog_tokens_are_in_the_text(sql in any::<String>(), parts in vec(select(&PARTS[..]), 0..20)) {
        for sql in [sql, parts.concat()] {
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                let mut end = 0;
                for token in super::super::super::sql::tokens(&sql, dialect) {
                    prop_assert!(token.start >= end && !token.text.is_empty());
                    end = token.end();
                    prop_assert_eq!(&sql[token.start..end], token.text);
                    let _ = token.unquoted();
                }
            }
        }
    }
}

/// On a thread with a small stack, because an overflow would abort the process.
#[test]
fn catalog_checks_are_bounded_in_depth_and_time() {
    let repeated = [
        "(",
        "not ",
        "- ",
        "a::text",
        "(a,",
        "[",
        "array[",
        "case ",
        "a or ",
        "a and ",
        "a + ",
        "f(",
        "length(",
        "a = any (",
        "a in (",
        "a between ",
        "interval ",
        "a.",
        "a collate ",
        "not(",
        "((a) = (",
        "a is not ",
        "'",
    ];
    let thread = std::thread::Builder::new().stack_size(512 * 1024).spawn(move || {
        let began = std::time::Instant::now();
        for part in repeated {
            for length in [100, 1_600, MAX_LENGTH, 4 * MAX_LENGTH] {
                let open = part.repeat(length / part.len());
                of_both(&open);
                of_both(&format!("{open}1{}", ")".repeat(open.matches('(').count())));
            }
        }
        began.elapsed()
    });
    let elapsed = thread.expect("a thread").join().expect("no overflow");
    assert!(elapsed < std::time::Duration::from_secs(20), "{elapsed:?}");
}

#[test]
fn catalog_checks_of_usual_depth_and_length_are_recognised() {
    let nested = format!("{}age > 1{}", "(".repeat(50), ")".repeat(50));
    assert_rules(Dialect::Postgres, &nested, [("age", over("1"))]);
    let values: Vec<String> = (0..400).map(|n| format!("value number {n}")).collect();
    let list: Vec<String> = values.iter().map(|value| format!("'{value}'::text")).collect();
    let long = format!("(name = ANY (ARRAY[{}]))", list.join(", "));
    let expected = Rule::OneOf(values.into_iter().map(Literal::Text).collect());
    assert_rules(Dialect::Postgres, &long, [("name", expected)]);
}
