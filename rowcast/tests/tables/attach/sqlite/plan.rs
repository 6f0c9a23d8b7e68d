//! Plans after changes of the schema.

use rowcast::{
    attach::{self, Options},
    catalog::Catalog,
};

use super::database::{Attached, table};

const SCHEMA: &str = "
create table one (id integer primary key, name text not null);
create table two (id integer primary key, name text);
create table keyless (name text);
create view shown as select id from one;
create trigger own after insert on one begin update one set name = trim(name) where id = new.id; end;";

#[actix_web::test]
async fn plan_follows_tables_that_are_added_renamed_and_dropped_on_sqlite() {
    let sqlite = Attached::with(SCHEMA).await;
    let options = Options::default();
    sqlite.execute("create table three (id integer primary key)");
    assert_eq!(sqlite.plan(&options).await.len(), 3);
    assert_eq!(sqlite.logged("insert into three values (1)"), ["three [1]"]);
    sqlite.execute("alter table two rename to four; alter table one rename to two");
    assert_eq!(sqlite.logged("insert into four values (1, '')"), ["two [1]"]);
    sqlite.plan(&options).await;
    assert_eq!(sqlite.logged("insert into four values (2, '')"), ["four [2]"]);
    assert_eq!(sqlite.logged("insert into two values (3, '')"), ["two [3]", "two [3]"]);
    sqlite.execute("alter table four rename id to \"the key\"");
    assert_eq!(
        sqlite.logged("update four set \"the key\" = 5 where \"the key\" = 2"),
        ["four [2]", "four [5]"]
    );
    sqlite.plan(&options).await;

    // As programs do that cannot alter a table.
    sqlite.execute(
        "create table remade (id text, name text not null, primary key (name, id)); insert into remade select * from two;
         drop view shown; drop table two; alter table remade rename to two; drop table three",
    );
    assert_eq!(sqlite.logged("insert into two values (7, 'seven')"), [""; 0]);
    sqlite.plan(&options).await;
    assert_eq!(sqlite.logged("insert into two values (8, 'eight')"), ["two [\"eight\", \"8\"]"]);
    let triggers = "select name from sqlite_master where type = 'trigger'";
    assert_eq!(sqlite.texts(triggers).len(), 2 * 3);
}

#[actix_web::test]
async fn plan_mends_what_was_removed_or_replaced_on_sqlite() {
    let sqlite = Attached::with(SCHEMA).await;
    let options = Options::default();
    let names = sqlite
        .texts("select name from sqlite_master where name like 'rowcast_log_%insert' order by tbl_name");
    sqlite.execute(&format!(
        "drop trigger {}; drop trigger {1}; create trigger {1} after insert on two begin select 1; end",
        names[0], names[1]
    ));
    assert_eq!(sqlite.plan(&options).await.len(), 3, "create, drop, create");
    let only = Options { tables: Some([table("two")].into()), ..Options::default() };
    sqlite.plan(&only).await;
    let both = "insert into one values (1, ''); insert into two values (1, '')";
    assert_eq!(sqlite.logged(both), ["two [1]"]);
    let installed = attach::Installed::read(&sqlite.db).await.unwrap();
    sqlite.run(&attach::plan(&Catalog { tables: vec![] }, &options, &installed)).await;
    assert_eq!(sqlite.texts("select name from sqlite_master where type = 'trigger'"), ["own"]);
}

#[actix_web::test]
async fn tables_that_cannot_be_followed_are_named_on_sqlite() {
    let sqlite = Attached::with(SCHEMA).await;
    let catalog = sqlite.catalog().await;
    let names: Vec<_> = attach::read_only(&catalog).into_iter().map(|remark| remark.table.name).collect();
    assert_eq!(names, ["keyless", "shown"]);
    assert_eq!(attach::not_seen(&catalog), []);
    let options = Options::default();
    assert_eq!(attach::missing_rights(&sqlite.db, &catalog, &options).await.unwrap(), [""; 0]);
    assert_eq!(attach::gaps(&sqlite.db, &catalog, &options).await.unwrap(), []);
}
