//! Many tables and many columns.

use rowcast::catalog::{Catalog, ReferentialAction};

use super::{
    database::{Postgres, Sqlite},
    qualified,
};

/// 300 tables, each with a reference to the one before, and one of 400 columns.
fn schema(number: &str) -> String {
    let table = |n: usize| {
        format!(
            "create table t{n:03} (id {number} primary key, name text not null unique check (length(name) <= 40), \
             age integer default 7, price numeric(10, 2) check (price > 0), at timestamp, done boolean, \
             up {number} references t{:03} (id) on delete cascade);",
            n.saturating_sub(1)
        )
    };
    let columns: Vec<_> = (0..400).map(|n| format!("c{n} integer")).collect();
    (0..300).map(table).collect::<String>() + &format!("create table wide ({});", columns.join(", "))
}

fn assert_complete(catalog: &Catalog) {
    assert_eq!(catalog.tables.len(), 301);
    let schema = &catalog.tables[0].name.schema;
    let table = catalog.table(schema, "t299").unwrap();
    assert_eq!(table.columns.len(), 7);
    assert_eq!(table.foreign_keys[0].table, qualified(schema, "t298"));
    assert_eq!(table.foreign_keys[0].on_delete, ReferentialAction::Cascade);
    assert_eq!((table.unique_keys.len(), table.checks.len()), (1, 2));
    let wide = catalog.table(schema, "wide").unwrap();
    assert!((0..400).all(|n| wide.columns[n].name == format!("c{n}")));
}

#[actix_web::test]
async fn many_tables_are_read_from_postgres() {
    let postgres = Postgres::with(&schema("bigint")).await;
    let catalog = postgres.catalog().await;
    assert_complete(&catalog);
    postgres.remove().await;
}

#[actix_web::test]
async fn many_tables_are_read_from_sqlite() {
    let sqlite = Sqlite::with(&schema("integer")).await;
    let catalog = sqlite.catalog().await;
    assert_complete(&catalog);
}
