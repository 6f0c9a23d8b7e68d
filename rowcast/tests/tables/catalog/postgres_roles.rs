//! Rights of the current role.

use rowcast::catalog::{self, Catalog, Column, ColumnPrivileges, Options, Privileges};
use sea_orm::ConnectionTrait;

use super::{
    column_names,
    database::{Postgres, connect},
    table_names,
};

const NONE: Privileges = Privileges { select: false, insert: false, update: false, delete: false };

async fn catalog_as(postgres: &Postgres, role: &str) -> Catalog {
    let connection = connect(&postgres.url_as(role)).await;
    let catalog = catalog::read(&connection, &Options::default()).await.unwrap();
    connection.close().await.unwrap();
    catalog
}

#[actix_web::test]
async fn rights_of_a_role_are_read_from_postgres() {
    let postgres = Postgres::with(
        "create schema closed;
         create table closed.open (id integer);
         create table hidden (id integer primary key, secret text check (secret <> ''));
         create table readable (id integer, name text);
         create table writable (id integer, name text);
         create table partly (id integer, name text, secret text);
         create view shown as select id from hidden;",
    )
    .await;
    let role = format!("clerk_{}", std::process::id());
    postgres
        .execute(&format!(
            "create role {role} login;
             grant select on readable, shown, closed.open to {role};
             grant select, insert, update, delete on writable to {role};
             grant select (id, name), insert (name), update (name) on partly to {role};"
        ))
        .await;
    let catalog = catalog_as(&postgres, &role).await;
    let public: Vec<_> =
        table_names(&catalog).into_iter().filter(|(schema, _)| *schema == "public").collect();
    let names = ["hidden", "partly", "readable", "shown", "writable"];
    assert_eq!(public, names.map(|name| ("public", name)), "tables without rights are read as well");
    let rights = |schema: &str, name: &str| catalog.table(schema, name).unwrap().privileges;
    let select = Privileges { select: true, ..NONE };
    assert_eq!(rights("public", "hidden"), NONE);
    assert_eq!(rights("public", "readable"), select);
    assert_eq!(rights("public", "shown"), select);
    assert_eq!(
        rights("public", "writable"),
        Privileges { select: true, insert: true, update: true, delete: true }
    );
    assert_eq!(rights("public", "partly"), NONE);
    assert_eq!(rights("closed", "open"), NONE, "the schema cannot be used");
    let partly = catalog.table("public", "partly").unwrap();
    let rights: Vec<_> = partly.columns.iter().map(|Column { privileges, .. }| *privileges).collect();
    let none = ColumnPrivileges { select: false, insert: false, update: false };
    let all = ColumnPrivileges { select: true, insert: true, update: true };
    assert_eq!(rights, [ColumnPrivileges { select: true, ..none }, all, none]);
    let hidden = catalog.table("public", "hidden").unwrap();
    assert_eq!((column_names(hidden), hidden.checks.len()), (vec!["id", "secret"], 1));

    let connection = connect(&postgres.url).await;
    let sql = format!("drop owned by {role}; drop role {role}");
    connection.execute_unprepared(&sql).await.unwrap();
    connection.close().await.unwrap();
    postgres.remove().await;
}
