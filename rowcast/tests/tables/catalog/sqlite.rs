//! Tables, columns and types of SQLite.

use rowcast::catalog::{
    Column, ColumnPrivileges, ColumnType, Generated, Identity, IntegerWidth, Privileges, SQLITE_SCHEMA,
    Storage, TableKind,
};

use super::{column_names, database::Sqlite, decimal, table_names, text};

pub(super) const SCHEMA: &str = include_str!("sqlite.sql");
const INT: ColumnType = ColumnType::Integer(IntegerWidth::Undeclared);

#[actix_web::test]
async fn every_type_is_read_from_sqlite() {
    let sqlite = Sqlite::with(SCHEMA).await;
    let catalog = sqlite.catalog().await;
    let table = catalog.table(SQLITE_SCHEMA, "every_type").unwrap();
    let unbounded = ColumnType::Decimal { precision: None, scale: None };
    let other = |name: &str| ColumnType::Other(name.into());
    let expected = [
        ("id", INT, "INTEGER"),
        ("a_smallint", ColumnType::Integer(IntegerWidth::Bits16), "smallint"),
        ("an_int", INT, "INT"),
        ("a_bigint", ColumnType::BigInt, "BIGINT"),
        ("a_decimal", decimal(10, 2), "DECIMAL(10, 2)"),
        ("a_numeric", unbounded, "numeric"),
        ("a_real", ColumnType::Double, "REAL"),
        ("a_double", ColumnType::Double, "double precision"),
        ("a_text", text(None), "TEXT"),
        ("a_varchar", text(Some(20)), "VARCHAR(20)"),
        ("a_boolean", ColumnType::Boolean, "BOOLEAN"),
        ("a_uuid", ColumnType::Uuid, "UUID"),
        ("a_timestamptz", ColumnType::TimestampTz, "timestamp with time zone"),
        ("a_timestamp", ColumnType::Timestamp, "DATETIME"),
        ("a_date", ColumnType::Date, "DATE"),
        ("a_time", ColumnType::Time, "TIME"),
        ("an_interval", ColumnType::Interval, "interval"),
        ("a_json", ColumnType::Json, "JSON"),
        ("a_blob", ColumnType::Bytes, "BLOB"),
        ("untyped", other("any"), ""),
        ("odd", other("geometry(4)"), "geometry(4)"),
        ("a_sum", INT, "INTEGER"),
        ("a_virtual", text(None), "TEXT"),
    ];
    let found = table.columns.iter().map(|column| (&*column.name, &column.column_type, &*column.sql_type));
    assert_eq!(found.collect::<Vec<_>>(), expected.each_ref().map(|(name, of, sql)| (*name, of, *sql)));
}

#[actix_web::test]
async fn defaults_and_identities_are_read_from_sqlite() {
    let sqlite = Sqlite::with(SCHEMA).await;
    let catalog = sqlite.catalog().await;
    let table = |name: &str| catalog.table(SQLITE_SCHEMA, name).unwrap();
    let column = |name: &str| table("every_type").column(name).unwrap();
    let required = |name: &str| -> Vec<_> {
        let columns = table(name).columns.iter().filter(|column| !column.nullable);
        columns.map(|column| &*column.name).collect()
    };
    assert_eq!(
        column("id"),
        &Column {
            name: "id".into(),
            column_type: INT,
            sql_type: "INTEGER".into(),
            nullable: false,
            default: None,
            generated: None,
            identity: Some(Identity::RowId { autoincrement: true }),
            collation: None,
            comment: None,
            privileges: ColumnPrivileges { select: true, insert: true, update: true },
        }
    );
    assert_eq!(required("every_type"), ["id", "an_int"]);
    assert_eq!(required("strict_table"), ["id", "name"]);
    assert_eq!(required("größe_日本語"), ["straße"]);
    assert_eq!(required("text_key"), [""; 0], "SQLite accepts null in such a key");
    let defaults =
        ["a_decimal", "a_boolean", "a_timestamp", "a_sum"].map(|name| column(name).default.as_deref());
    assert_eq!(defaults, [Some("1.50"), Some("false"), Some("current_timestamp"), None]);
    assert_eq!(table("seats").column("note").unwrap().default.as_deref(), Some("'free'"));
    let generated = |name: &str| column(name).generated.clone();
    let stored = Generated { expression: "an_int * 2".into(), stored: true };
    assert_eq!(generated("a_sum"), Some(stored));
    let computed = Generated { expression: "a_text || ')'".into(), stored: false };
    assert_eq!(generated("a_virtual"), Some(computed));
    assert_eq!(column("a_text").collation.as_deref(), Some("nocase"));
    let identity = |name: &str, column: &str| table(name).column(column).unwrap().identity.clone();
    assert_eq!(identity("select", "where"), Some(Identity::RowId { autoincrement: false }));
    assert_eq!(identity("people", "id"), Some(Identity::RowId { autoincrement: false }));
    assert_eq!(identity("strict_table", "id"), None, "int is not integer");
    assert_eq!(identity("not_an_alias", "id"), None);
    assert_eq!(identity("seats", "seat_no"), None);
}

#[actix_web::test]
async fn names_and_kinds_are_read_from_sqlite() {
    let sqlite = Sqlite::with(SCHEMA).await;
    let catalog = sqlite.catalog().await;
    let names = [
        "Mixed Case.and dots",
        "as_selected",
        "bookings",
        "checked",
        "eggs",
        "every_type",
        "größe_日本語",
        "hens",
        "no_key",
        "not_an_alias",
        "people",
        "people_names",
        "seats",
        "select",
        "strict_table",
        "text_key",
        "tokens",
    ];
    assert_eq!(table_names(&catalog), names.map(|name| (SQLITE_SCHEMA, name)));
    let table = |name: &str| catalog.table(SQLITE_SCHEMA, name).unwrap();
    let columns = |name: &str| column_names(table(name));
    assert_eq!(columns("select"), ["where", "order", "version", "__proto__", "id"]);
    assert_eq!(columns("Mixed Case.and dots"), ["a.b", "c d", "quoted \"x\""]);
    assert_eq!(columns("größe_日本語"), ["straße", "🙂"]);
    assert_eq!(columns("people_names"), ["id", "e-mail", "n"]);
    let kinds = ["people_names", "people"].map(|name| table(name).kind);
    assert_eq!(kinds, [TableKind::View, TableKind::Table]);
    let storage = ["strict_table", "größe_日本語", "people"].map(|name| table(name).storage);
    let usual = Storage::default();
    assert_eq!(storage, [Storage { strict: true, ..usual }, Storage { without_rowid: true, ..usual }, usual]);
    let all = Privileges { select: true, insert: true, update: true, delete: true };
    assert!(catalog.tables.iter().all(|table| table.privileges == all));
}

#[actix_web::test]
async fn tables_of_the_engine_are_left_out_of_sqlite() {
    let sqlite = Sqlite::with("").await;
    assert_eq!(sqlite.catalog().await.tables, []);
}
