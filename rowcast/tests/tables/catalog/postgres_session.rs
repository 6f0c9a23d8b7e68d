//! Settings of the session do not change what is read.

use rowcast::catalog::{self, Options};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait};

use super::{
    database::{Postgres, connect},
    postgres::SCHEMA,
};

/// An operator and a function that hide the server's own.
const HOSTILE: &str = "
create schema hostile;
create function hostile.never(name, name) returns boolean language sql as 'select false';
create operator hostile.= (leftarg = name, rightarg = name, function = hostile.never);
create function hostile.has_table_privilege(oid, text) returns boolean language sql as 'select false';";

const SETTINGS: &str = "
set local search_path = hostile, \"Sales Dept.\", pg_catalog;
set local datestyle = 'German';
set local timezone = 'Asia/Tokyo';
set local quote_all_identifiers = on;
set local standard_conforming_strings = off;";

async fn settings(db: &DatabaseTransaction) -> String {
    let names =
        ["search_path", "datestyle", "timezone", "quote_all_identifiers", "standard_conforming_strings"];
    let values = names.map(|name| format!("current_setting('{name}')")).join(", ");
    let sql = format!("select concat_ws('; ', {values}) as settings");
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get("", "settings").unwrap()
}

#[actix_web::test]
async fn catalog_of_postgres_does_not_depend_on_the_session() {
    let postgres = Postgres::with(SCHEMA).await;
    let catalog = postgres.catalog().await;
    postgres.execute(HOSTILE).await;
    let connection = connect(&postgres.url).await;
    let transaction = connection.begin().await.unwrap();
    transaction.execute_unprepared(SETTINGS).await.unwrap();
    let before = settings(&transaction).await;
    let hostile = catalog::read(&transaction, &Options::default()).await.unwrap();
    assert_eq!(hostile, catalog);
    assert_eq!(hostile.fingerprint().unwrap(), catalog.fingerprint().unwrap());
    let expected = "hostile, \"Sales Dept.\", pg_catalog; German, DMY; Asia/Tokyo; on; off";
    assert_eq!((&*before, &*settings(&transaction).await), (expected, expected));
    transaction.rollback().await.unwrap();

    // Without a transaction only the text of expressions depends on the settings.
    let names = |catalog: &catalog::Catalog| -> Vec<_> {
        catalog
            .tables
            .iter()
            .map(|table| (table.name.clone(), table.columns.len(), table.checks.len()))
            .collect()
    };
    connection.execute_unprepared(&SETTINGS.replace("set local", "set")).await.unwrap();
    let without = catalog::read(&connection, &Options::default()).await.unwrap();
    assert_eq!(names(&without), names(&catalog));
    connection.close().await.unwrap();
    postgres.remove().await;
}
