//! Plans after changes of the schema.

use rowcast::{
    attach::{self, Installed, Options},
    catalog::Catalog,
};
use sea_orm::DbBackend;

use super::database::{Attached, table};

const SCHEMA: &str = "
create table one (id integer primary key, name text);
create table two (id integer primary key, name text);
create table keyless (name text);
create view shown as select id from one;";

async fn functions(postgres: &Attached) -> usize {
    let sql = "select proname::text as text from pg_proc where pronamespace = 'rowcast'::regnamespace";
    postgres.texts(sql).await.len()
}

#[actix_web::test]
async fn plan_follows_tables_that_are_added_renamed_and_dropped_on_postgres() {
    let postgres = Attached::with(SCHEMA).await;
    let options = Options::default();
    assert_eq!(functions(&postgres).await, 3);
    postgres.execute("create table three (id integer primary key)").await;
    let plan = postgres.plan(&options).await;
    let three = Some(table("public", "three"));
    assert!(!plan.is_empty() && plan.iter().all(|statement| statement.table == three), "{plan:?}");
    assert_eq!(postgres.logged("insert into three values (1)").await, ["public.three [1]"]);

    // The new name of one is the old name of another.
    postgres.execute("alter table one rename to four; alter table two rename to one").await;
    assert_eq!(postgres.logged("insert into four values (1)").await, ["public.one [1]"]);
    postgres.plan(&options).await;
    assert_eq!(postgres.logged("insert into four values (2)").await, ["public.four [2]"]);
    assert_eq!(postgres.logged("insert into one values (3)").await, ["public.one [3]"]);
    assert_eq!(functions(&postgres).await, 4);

    postgres.execute("create schema other; alter table one set schema other").await;
    postgres.execute(&format!("grant usage on schema other to {}", postgres.clerk)).await;
    postgres.plan(&options).await;
    assert_eq!(postgres.logged("insert into other.one values (4)").await, ["other.one [4]"]);

    postgres.execute("drop table three; drop schema other cascade").await;
    postgres.plan(&options).await;
    assert_eq!(functions(&postgres).await, 2);
    postgres.remove().await;
}

#[actix_web::test]
async fn plan_follows_changed_keys_on_postgres() {
    let postgres = Attached::with(SCHEMA).await;
    let options = Options::default();
    let key = "alter table one drop constraint one_pkey, alter name set not null, add primary key (name, id)";
    postgres.execute(key).await;
    let plan = postgres.plan(&options).await;
    assert_eq!(plan.len(), 1, "the function is replaced, and no table is locked: {plan:?}");
    assert_eq!(postgres.logged("insert into one values (1, 'a')").await, ["public.one [\"a\", 1]"]);

    postgres
        .execute("alter table one drop constraint one_pkey; alter table keyless add primary key (name)")
        .await;
    postgres.plan(&options).await;
    assert_eq!(postgres.logged("insert into one values (1, 'a')").await, [""; 0]);
    assert_eq!(postgres.logged("insert into keyless values ('a')").await, ["public.keyless [\"a\"]"]);
    postgres.remove().await;
}

#[actix_web::test]
async fn plan_mends_what_was_removed_but_not_what_was_disabled_on_postgres() {
    let postgres = Attached::with(SCHEMA).await;
    let options = Options::default();
    let log = "select tgname::text as text from pg_trigger where tgname ~ '^rowcast_log' order by tgrelid";
    let [one, two]: [String; 2] = postgres.texts(log).await.try_into().unwrap();
    postgres
        .execute(&format!(
            "drop trigger {one} on one; alter table two disable trigger {two};
             alter table two enable trigger {};
             create or replace function rowcast.{two}() returns trigger language plpgsql as 'begin return null; end'",
            two.replace("log", "truncate")
        ))
        .await;
    let plan = postgres.plan(&options).await;
    assert_eq!(plan.len(), 4, "trigger, always, function, always: {plan:?}");
    assert_eq!(
        postgres.logged("insert into one values (1); insert into two values (1)").await,
        ["public.one [1]"]
    );
    let gaps = attach::gaps(&postgres.db, &postgres.catalog().await, &options).await.unwrap();
    let disabled = format!(
        "The trigger {two} on \"public\".\"two\" is disabled, so that changes are not seen: alter table \
         \"public\".\"two\" enable always trigger \"{two}\"."
    );
    assert_eq!(gaps.iter().map(|gap| &*gap.sentence).collect::<Vec<_>>(), [disabled]);
    postgres.remove().await;
}

#[actix_web::test]
async fn plan_of_selected_tables_leaves_others_alone_on_postgres() {
    let postgres = Attached::before(SCHEMA).await;
    let only = |name: &str| Options { tables: Some([table("public", name)].into()), ..Options::default() };
    postgres.attach(&only("one")).await;
    let both = "insert into one values (1); insert into two values (1)";
    assert_eq!(postgres.logged(both).await, ["public.one [1]"]);
    postgres.plan(&only("two")).await;
    let both = "insert into one values (2); insert into two values (2)";
    assert_eq!(postgres.logged(both).await, ["public.two [2]"]);

    // Without a database, the statements are those for an owner of all tables.
    let (catalog, nothing) = (postgres.catalog().await, Installed::nothing(DbBackend::Postgres));
    let fresh = Attached::before(SCHEMA).await;
    let planned = fresh.planned(&Options::default()).await;
    assert_eq!(attach::plan(&catalog, &Options::default(), &nothing), planned);
    assert_eq!(attach::prepare(&nothing), attach::prepare(&Installed::read(&fresh.db).await.unwrap()));
    fresh.remove().await;

    let empty = Catalog { tables: vec![] };
    let installed = Installed::read(&postgres.db).await.unwrap();
    attach::execute(&postgres.db, &attach::plan(&empty, &only("two"), &installed)).await.unwrap();
    assert_eq!(functions(&postgres).await, 0);
    assert!(!nothing.is_attached() && attach::plan(&empty, &Options::default(), &nothing).is_empty());
    postgres.remove().await;
}

#[actix_web::test]
async fn tables_that_cannot_be_followed_are_named_on_postgres() {
    let postgres = Attached::with(SCHEMA).await;
    postgres
        .execute(
            "create materialized view stored as select id from one;
             create foreign data wrapper nothing; create server away foreign data wrapper nothing;
             create foreign table distant (id integer) server away;
             create table measures (at date) partition by range (at);
             create table measures_now partition of measures default;
             create publication everything for all tables; create publication ours for tables in schema public;
             create publication log for table rowcast.rowcast_change_log;",
        )
        .await;
    let catalog = postgres.catalog().await;
    let names = |remarks: Vec<attach::Remark>| -> Vec<String> {
        remarks.into_iter().map(|remark| remark.table.name).collect()
    };
    assert_eq!(names(attach::read_only(&catalog)), ["keyless", "measures", "shown", "stored"]);
    assert_eq!(names(attach::not_seen(&catalog)), ["distant"]);
    let gaps = attach::gaps(&postgres.db, &catalog, &Options::default()).await.unwrap();
    let publications: Vec<_> = gaps.iter().map(|gap| gap.sentence.split('"').nth(1).unwrap()).collect();
    assert_eq!(publications, ["everything", "log"]);
    postgres.plan(&Options::default()).await;
    postgres.remove().await;
}
