//! Tables, columns and types of PostgreSQL.

use rowcast::catalog::{
    Check, Column, ColumnType, Domain, EnumType, Generated, Identity, IntegerWidth, Options, Privileges,
    Storage, TableKind,
};

use super::{
    INT, column_names, database::Postgres, database::read, decimal, length, qualified, range, rule, strings,
    table_names, text,
};
use rowcast::catalog::checks::Rule;

pub(super) const SCHEMA: &str = include_str!("postgres.sql");
const LONG_NAME: &str = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123";

fn mood() -> ColumnType {
    ColumnType::Enum(EnumType {
        name: qualified("public", "mood"),
        values: strings(["sad", "calm", "ok", "happy"]),
        comment: Some("How it went".into()),
    })
}

fn domain_check(name: &str, sql: &str, value: Rule) -> Check {
    let rules = vec![rule(Domain::VALUE, value)];
    Check { name: Some(name.into()), sql: sql.into(), columns: vec![], rules, complete: true, comment: None }
}

fn positive() -> ColumnType {
    let above_zero = domain_check("is_positive", "(VALUE > 0)", range(Some(("0", false)), None));
    ColumnType::Domain(Box::new(Domain {
        name: qualified("public", "positive"),
        base: INT,
        not_null: false,
        default: None,
        checks: vec![Check { comment: Some("must be more than nothing".into()), ..above_zero }],
        comment: Some("A count".into()),
    }))
}

fn nested() -> ColumnType {
    let rule = range(None, Some(("100", false)));
    ColumnType::Domain(Box::new(Domain {
        name: qualified("public", "nested"),
        base: positive(),
        not_null: false,
        default: Some("7".into()),
        checks: vec![domain_check("below_100", "((VALUE)::integer < 100)", rule)],
        comment: None,
    }))
}

fn short_name() -> ColumnType {
    let no_space = Rule::Matches { pattern: " ".into(), ignore_case: false };
    ColumnType::Domain(Box::new(Domain {
        name: qualified("public", "short_name"),
        base: text(Some(40)),
        not_null: true,
        default: None,
        checks: vec![
            domain_check("no_space", "((VALUE)::text !~ ' '::text)", Rule::Not(Box::new(no_space))),
            domain_check("short_name_check", "(length((VALUE)::text) >= 2)", length(2, None)),
        ],
        comment: None,
    }))
}

fn array(of: ColumnType) -> ColumnType {
    ColumnType::Array(Box::new(of))
}

fn range_of(of: ColumnType, multiple: bool) -> ColumnType {
    ColumnType::Range { subtype: Box::new(of), multiple }
}

fn other(name: &str) -> ColumnType {
    ColumnType::Other(name.into())
}

#[actix_web::test]
async fn every_type_is_read_from_postgres() {
    let postgres = Postgres::with(SCHEMA).await;
    let catalog = postgres.catalog().await;
    let table = catalog.table("public", "every_type").unwrap();
    assert_eq!(table.comment.as_deref(), Some("One column of each type"));
    assert_eq!((table.kind, table.storage), (TableKind::Table, Storage::default()));
    let odd = EnumType {
        name: qualified("public", "Odd Enum"),
        values: strings(["it's", "a \"b\"", "ü"]),
        comment: None,
    };
    let unbounded = ColumnType::Decimal { precision: None, scale: None };
    let expected = [
        ("id", ColumnType::BigInt, "bigint"),
        ("a_smallint", ColumnType::Integer(IntegerWidth::Bits16), "smallint"),
        ("an_integer", INT, "integer"),
        ("a_bigint", ColumnType::BigInt, "bigint"),
        ("a_decimal", decimal(10, 2), "numeric(10,2)"),
        ("a_negative_scale", decimal(3, -2), "numeric(3,-2)"),
        ("a_numeric", unbounded, "numeric"),
        ("a_money", ColumnType::Money, "money"),
        ("a_real", ColumnType::Real, "real"),
        ("a_double", ColumnType::Double, "double precision"),
        ("a_text", text(None), "text"),
        ("a_varchar", text(Some(20)), "character varying(20)"),
        ("a_char", text(Some(3)), "character(3)"),
        ("a_boolean", ColumnType::Boolean, "boolean"),
        ("a_uuid", ColumnType::Uuid, "uuid"),
        ("a_timestamptz", ColumnType::TimestampTz, "timestamp with time zone"),
        ("a_timestamp", ColumnType::Timestamp, "timestamp(3) without time zone"),
        ("a_date", ColumnType::Date, "date"),
        ("a_time", ColumnType::Time, "time without time zone"),
        ("a_timetz", ColumnType::TimeTz, "time with time zone"),
        ("an_interval", ColumnType::Interval, "interval"),
        ("a_json", ColumnType::Json, "json"),
        ("a_jsonb", ColumnType::Json, "jsonb"),
        ("a_bytea", ColumnType::Bytes, "bytea"),
        ("some_decimals", array(decimal(6, 1)), "numeric(6,1)[]"),
        ("some_words", array(text(Some(5))), "character varying(5)[]"),
        ("a_mood", mood(), "public.mood"),
        ("odd", ColumnType::Enum(odd), "public.\"Odd Enum\""),
        ("moods", array(mood()), "public.mood[]"),
        ("a_domain", positive(), "public.positive"),
        ("a_name", short_name(), "public.short_name"),
        ("a_nested", nested(), "public.nested"),
        ("domains", array(positive()), "public.positive[]"),
        ("an_int4range", range_of(INT, false), "int4range"),
        ("a_multirange", range_of(ColumnType::TimestampTz, true), "tstzmultirange"),
        ("a_floatrange", range_of(ColumnType::Double, false), "public.floatrange"),
        ("a_tsvector", other("tsvector"), "tsvector"),
        ("a_span", other("public.span"), "public.span"),
        ("spans", other("public.span[]"), "public.span[]"),
        ("an_inet", other("inet"), "inet"),
        ("a_sum", INT, "integer"),
    ];
    let found = table.columns.iter().map(|column| (&*column.name, &column.column_type, &*column.sql_type));
    assert_eq!(found.collect::<Vec<_>>(), expected.each_ref().map(|(name, of, sql)| (*name, of, *sql)));
    assert_eq!(table.column("a_nested").unwrap().column_type.base(), &INT);
    postgres.remove().await;
}

#[actix_web::test]
async fn defaults_and_identities_are_read_from_postgres() {
    let postgres = Postgres::with(SCHEMA).await;
    let catalog = postgres.catalog().await;
    let table = catalog.table("public", "every_type").unwrap();
    let required: Vec<_> =
        table.columns.iter().filter(|column| !column.nullable).map(|column| &*column.name).collect();
    assert_eq!(required, ["id", "an_integer", "a_name"]);
    let defaults: Vec<_> =
        table.columns.iter().filter_map(|column| Some((&*column.name, column.default.as_deref()?))).collect();
    assert_eq!(
        defaults,
        [
            ("a_uuid", "gen_random_uuid()"),
            ("a_timestamptz", "now()"),
            ("a_jsonb", "'{}'::jsonb"),
            ("a_mood", "'ok'::public.mood"),
        ]
    );
    let column = |name: &str| table.column(name).unwrap();
    assert_eq!(column("a_text").collation.as_deref(), Some("C"));
    assert_eq!(column("a_text").comment.as_deref(), Some("Sorted by code point"));
    assert_eq!(column("a_varchar").collation, None);
    let generated = Generated { expression: "(an_integer * 2)".into(), stored: true };
    assert_eq!(column("a_sum").generated, Some(generated));
    let sequence = qualified("public", "every_type_id_seq");
    assert_eq!(column("id").identity, Some(Identity::Always { sequence }));

    let identity = |schema: &str, table: &str, name: &str| {
        catalog.table(schema, table).unwrap().column(name).unwrap().identity.clone()
    };
    let sequence = qualified("public", "people_id_seq");
    assert_eq!(identity("public", "people", "id"), Some(Identity::ByDefault { sequence }));
    let sequence = qualified("Sales Dept.", "order_id_seq");
    assert_eq!(identity("Sales Dept.", "order", "id"), Some(Identity::Serial { sequence }));
    let sequence = qualified("public", "Loose Sequence");
    assert_eq!(identity("public", "sequences", "by_hand"), Some(Identity::Serial { sequence }));
    let computed = catalog.table("public", "sequences").unwrap().column("computed").unwrap();
    let default = r#"('A'::text || nextval('public."Loose Sequence"'::regclass))"#;
    assert_eq!((&computed.identity, computed.default.as_deref()), (&None, Some(default)));
    let numbered = catalog.table("public", "sequences").unwrap().column("old_style").unwrap();
    assert_eq!(
        numbered,
        &Column {
            identity: Some(Identity::Serial { sequence: qualified("public", "sequences_old_style_seq") }),
            name: "old_style".into(),
            nullable: false,
            default: None,
            ..catalog.table("public", "every_type").unwrap().column("a_bigint").unwrap().clone()
        }
    );
    postgres.remove().await;
}

#[actix_web::test]
async fn names_and_kinds_are_read_from_postgres() {
    let postgres = Postgres::with(SCHEMA).await;
    let catalog = postgres.catalog().await;
    assert_eq!(
        table_names(&catalog),
        [
            ("Sales Dept.", "order"),
            ("public", "Mixed Case.and dots"),
            ("public", LONG_NAME),
            ("public", "bookings"),
            ("public", "checked"),
            ("public", "eggs"),
            ("public", "every_type"),
            ("public", "größe_日本語"),
            ("public", "hens"),
            ("public", "measures"),
            ("public", "measures_2026"),
            ("public", "no_key"),
            ("public", "outside"),
            ("public", "people"),
            ("public", "people_count"),
            ("public", "people_names"),
            ("public", "readings"),
            ("public", "rowcast_clock_face"),
            ("public", "seats"),
            ("public", "select"),
            ("public", "sequences"),
            ("public", "tokens"),
            ("tools", "rowcast_tokens"),
        ]
    );
    let columns = |name: &str| column_names(catalog.table("public", name).unwrap());
    assert_eq!(columns("select"), ["where", "order", "version", "__proto__", "id"]);
    assert_eq!(columns("Mixed Case.and dots"), ["a.b", "c d", "quoted \"x\""]);
    assert_eq!(columns("größe_日本語"), ["straße", "🙂"]);
    assert_eq!(columns(LONG_NAME), ["xxxxxxxxxxyyyyyyyyyyzzzzzzzzzzxxxxxxxxxxyyyyyyyyyyzzzzzzzzzz123"]);
    assert_eq!(columns("people_names"), ["id", "e-mail"]);
    let table = |name: &str| catalog.table("public", name).unwrap();
    assert_eq!(table("people_names").kind, TableKind::View);
    assert_eq!(table("people_names").comment.as_deref(), Some("Only names"));
    assert_eq!(table("people_count").kind, TableKind::MaterializedView);
    assert_eq!(table("outside").kind, TableKind::ForeignTable);
    assert_eq!(table("measures").kind, TableKind::PartitionedTable);
    assert_eq!(table("measures_2026").partition_of, Some(qualified("public", "measures")));
    assert_eq!(table("measures").partition_of, None);
    let all = Privileges { select: true, insert: true, update: true, delete: true };
    assert!(catalog.tables.iter().all(|table| table.privileges == all));
    assert_eq!(catalog.table("public", "rowcast_tokens"), None, "the engine's own");
    postgres.remove().await;
}

#[actix_web::test]
async fn schemas_are_selected_on_postgres() {
    let postgres = Postgres::with(SCHEMA).await;
    let options = Options { schemas: vec!["Sales Dept.".into(), "absent".into()] };
    let catalog = read(&postgres.database, options).await;
    assert_eq!(table_names(&catalog), [("Sales Dept.", "order")]);
    let none = read(&postgres.database, Options { schemas: vec!["absent".into()] }).await;
    assert_eq!(none.tables, []);
    postgres.remove().await;
}
