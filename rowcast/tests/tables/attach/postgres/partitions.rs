//! Partitioned tables: changes are those of the whole table, wherever they are written.

use rowcast::attach::Options;

use super::database::Attached;

const EVENTS: &str = "
create schema parts;
create table events (region text, id integer, title text, primary key (id, region)) partition by list (region);
create table parts.north partition of events for values in ('n');
create table parts.south partition of events for values in ('s') partition by range (id);
create table parts.south_low (title text, id integer not null, region text not null);
alter table parts.south attach partition parts.south_low for values from (0) to (100);
create table parts.south_high partition of parts.south for values from (100) to (200);
insert into events values ('n', 1), ('s', 2), ('s', 101);";

fn events(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| format!("public.events {key}")).collect()
}

#[actix_web::test]
async fn partitions_are_logged_as_the_partitioned_table_on_postgres() {
    let postgres = Attached::with(EVENTS).await;
    for (sql, expected) in [
        ("insert into events values ('n', 10), ('s', 11)", &["[10, \"n\"]", "[11, \"s\"]"][..]),
        ("insert into parts.south_low values ('x', 12, 's')", &["[12, \"s\"]"]),
        ("update parts.south set title = 'y' where id < 12", &["[2, \"s\"]", "[11, \"s\"]"]),
        ("update events set region = 'n' where id = 11", &["[11, \"s\"]", "[11, \"n\"]"]),
        ("delete from parts.south_low where id = 12", &["[12, \"s\"]"]),
        ("truncate parts.south_high", &["[101, \"s\"]"]),
        ("insert into parts.south_high (region, id) values ('s', 102)", &["[102, \"s\"]"]),
        ("truncate parts.south", &["[102, \"s\"]", "[2, \"s\"]"]),
        ("truncate events", &["[1, \"n\"]", "[10, \"n\"]", "[11, \"n\"]"]),
    ] {
        let mut log = postgres.logged(sql).await;
        if sql.starts_with("truncate") {
            log.sort();
        }
        assert_eq!(log, events(expected), "{sql}");
    }
    let replicated =
        "set session_replication_role = replica; insert into parts.south_low values ('x', 5, 's');
        truncate parts.south_low; reset session_replication_role";
    assert_eq!(postgres.logged_as_owner(replicated).await, events(&["[5, \"s\"]", "[5, \"s\"]"]));
    postgres.remove().await;
}

#[actix_web::test]
async fn partitions_that_come_and_go_are_planned_on_postgres() {
    let postgres = Attached::with(EVENTS).await;
    postgres
        .execute(
            "create table parts.west partition of events for values in ('w');
             create table parts.east (title text, region text not null, id integer not null, primary key (id, region));
             insert into parts.east values ('t', 'e', 7);",
        )
        .await;
    postgres.plan(&Options::default()).await;
    postgres.execute("alter table events attach partition parts.east for values in ('e')").await;
    // A new partition has no trigger of its own yet; truncating the table logs it, and others once.
    postgres.execute("insert into events values ('w', 8); create table parts.up partition of events for values in ('u'); insert into events values ('u', 9)").await;
    let mut truncated = postgres
        .logged_as_owner("begin; truncate events; rollback; begin; savepoint s; truncate events; commit")
        .await;
    truncated.sort();
    truncated.dedup();
    assert_eq!(truncated.iter().filter(|entry| entry.starts_with("public.")).count(), 6);

    postgres.execute("insert into events values ('e', 7), ('w', 8)").await;
    postgres.plan(&Options::default()).await;
    postgres.execute(&format!("grant truncate on all tables in schema parts to {}", postgres.clerk)).await;
    assert_eq!(postgres.logged("truncate parts.west").await, events(&["[8, \"w\"]"]));
    assert_eq!(postgres.logged("truncate parts.east").await, events(&["[7, \"e\"]"]));
    let moved = "alter table events detach partition parts.east";
    postgres.execute(moved).await;
    postgres.plan(&Options::default()).await;
    let alone =
        postgres.logged_as_owner("insert into parts.east values ('t', 'e', 7); truncate parts.east").await;
    assert_eq!(alone, ["parts.east [7, \"e\"]", "parts.east [7, \"e\"]"]);
    postgres.detach().await;
    postgres.remove().await;
}
