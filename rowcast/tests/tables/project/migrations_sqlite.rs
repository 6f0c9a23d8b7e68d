//! What only SQLite does.

use super::database::Project;

const PARENT_AND_CHILD: &str = "
create table customers (id integer primary key, name text);
create table orders (id integer primary key, customer_id integer not null references customers on delete cascade);
insert into customers values (1, 'Ada'), (2, 'Bob');
insert into orders values (10, 1), (11, 2);";

#[actix_web::test]
async fn rebuilt_table_keeps_the_rows_that_refer_to_it() {
    let project = Project::on_sqlite().await;
    project.migrate("1_a.sql", PARENT_AND_CHILD).await;
    let rebuild = "create table next (id integer primary key, name text not null);
        insert into next select * from customers; drop table customers; alter table next rename to customers;";
    project.migrate("2_b.sql", rebuild).await;
    assert_eq!(project.text("select count(*) || '' as text from orders").await.unwrap(), "2");
    project.execute("delete from customers where id = 1").await;
    assert_eq!(
        project.text("select count(*) || '' as text from orders").await.unwrap(),
        "1",
        "keys are enforced again"
    );
    project.remove().await;
}

#[actix_web::test]
async fn file_that_leaves_rows_without_their_parent_is_refused() {
    let project = Project::on_sqlite().await;
    project.migrate("1_a.sql", PARENT_AND_CHILD).await;
    let mistake = project.mistake("2_b.sql", "delete from customers where id = 1").await;
    assert!(
        mistake.starts_with("migrations/2_b.sql: leaves rows of `orders` (1)")
            && mistake.contains("`customers`"),
        "{mistake}"
    );
    project
        .migrate("2_b.sql", "delete from orders where customer_id = 1; delete from customers where id = 1")
        .await;
    project.remove().await;
}

#[actix_web::test]
async fn trigger_with_a_body_is_one_statement() {
    let project = Project::on_sqlite().await;
    let sql = "create table a (id integer primary key, n integer);
        create trigger t after insert on a begin
            update a set n = case when new.n > 1 then 2 else 1 end where id = new.id;
            select 1; -- ; end;
        end;
        insert into a values (1, 9);";
    project.migrate("1_a.sql", sql).await;
    assert_eq!(project.text("select n || '' as text from a").await.unwrap(), "2");
    let mistake = project.mistake("2_b.sql", "\ncreate trigger u after insert on a begin select 1;").await;
    assert!(mistake.starts_with("migrations/2_b.sql:2: "), "{mistake}");
    project.remove().await;
}

#[actix_web::test]
async fn setting_of_one_file_ends_with_it() {
    let project = Project::on_sqlite().await;
    project.write(
        "1_a.sql",
        "pragma foreign_keys = on; create temp table x (id integer); create table a (id integer)",
    );
    project.write("2_b.sql", "create table x (id integer); insert into x values (1)");
    assert_eq!(project.apply().await.unwrap().len(), 2);
    assert_eq!(project.text("select id || '' as text from x").await.unwrap(), "1");
    project.remove().await;
}
