//! The column `version` of tables that have one.

use rowcast::attach::{Options, has_version};

use super::database::{Attached, table};

const NOTES: &str = "
create extension if not exists citext;
create table notes (
    id integer primary key,
    title citext,
    data json,
    version integer not null default 1,
    \"long\" text generated always as (title || '!') stored
);
create table plain (id integer primary key, version integer not null default 1);
create table parted (id integer primary key, note text, version bigint not null default 1) partition by range (id);
create table parted_low partition of parted for values from (0) to (10);
create table parted_high partition of parted default;
create table other (id integer primary key, version text not null);
create table nullable (id integer primary key, version integer);
create table keyed (version integer primary key);
create function touch() returns trigger language plpgsql as $$
    begin new.data := '{\"touched\": true}'; return new; end $$;";

async fn versions(postgres: &Attached) -> Vec<String> {
    postgres.texts("select version::text as text from notes order by id").await
}

#[actix_web::test]
async fn version_is_incremented_for_programs_that_do_not_on_postgres() {
    let postgres = Attached::before(NOTES).await;
    let all = ["notes", "parted", "other", "nullable", "keyed", "absent"].map(|name| table("public", name));
    let options = Options { count_versions: all.into(), ..Options::default() };
    postgres.attach(&options).await;
    let catalog = postgres.catalog().await;
    let counting: Vec<_> =
        catalog.tables.iter().filter(|table| has_version(table)).map(|table| &*table.name.name).collect();
    assert_eq!(counting, ["notes", "parted", "parted_high", "parted_low", "plain"]);
    postgres.execute("insert into notes (id, title) values (1, 'Ada'); insert into plain values (1)").await;
    for (sql, expected) in [
        ("update notes set title = 'Bob'", "2"),
        ("update notes set title = 'bob'", "3"),
        ("update notes set title = 'bob', version = 3", "3"),
        ("update notes set data = '[1]'", "4"),
        ("update notes set title = 'Cy', version = version + 1", "5"),
        ("update notes set title = 'Di', version = 2", "6"),
        ("update notes set version = 2", "7"),
        ("update notes set version = 2147483647", "2147483647"),
        ("update notes set title = 'Eve'", "2147483647"),
    ] {
        postgres.try_as_clerk(sql).await.unwrap();
        assert_eq!(versions(&postgres).await, [expected], "{sql}");
    }
    // Triggers of the table itself fire before.
    postgres
        .execute(
            "truncate notes; insert into notes (id, title) values (1, 'Ada');
             create trigger touch before update on notes for each row execute function touch()",
        )
        .await;
    postgres.try_as_clerk("update notes set title = title").await.unwrap();
    assert_eq!(versions(&postgres).await, ["2"]);
    postgres.try_as_clerk("update plain set version = 1").await.unwrap();
    assert_eq!(postgres.logged("update notes set title = 'x'").await, ["public.notes [1]"]);

    postgres.execute("insert into parted values (1), (11)").await;
    postgres.try_as_clerk("update parted set note = 'x'; update parted_low set note = 'y'; update parted set id = 12 where id = 1").await.unwrap();
    let parted = postgres.texts("select concat(id, ' ', version) as text from parted order by id").await;
    assert_eq!(parted, ["11 2", "12 4"]);

    postgres.plan(&Options::default()).await;
    postgres.try_as_clerk("update notes set title = 'y'").await.unwrap();
    assert_eq!(versions(&postgres).await, ["3"]);
    postgres.remove().await;
}
