//! Programs that alter tables before Rowcast notices.

use sea_orm::ConnectionTrait;

use super::database::Attached;

#[actix_web::test]
async fn writes_succeed_and_are_logged_after_a_key_was_altered_on_postgres() {
    let postgres = Attached::with("create table t (id integer primary key, name text not null)").await;
    // Its functions and plans are those of the table before.
    let writer = postgres.connect_as_clerk().await;
    let insert = async |sql: &str| {
        postgres.execute("delete from rowcast.rowcast_change_log").await;
        writer.execute_unprepared(sql).await.unwrap();
        postgres.log().await
    };
    assert_eq!(insert("insert into t values (1, 'a')").await, ["public.t [1]"]);
    postgres.execute("alter table t rename id to key").await;
    assert_eq!(
        insert("insert into t values (2, 'b'); update t set key = 3 where key = 2").await,
        ["public.t [2]", "public.t [2]", "public.t [3]"]
    );
    postgres.execute("alter table t alter key type bigint").await;
    assert_eq!(insert("delete from t where key = 3").await, ["public.t [3]"]);
    postgres.execute("alter table t alter key type text").await;
    assert_eq!(insert("insert into t values ('x\"y', 'c')").await, ["public.t [\"x\\\"y\"]"]);
    postgres.execute("alter table t drop constraint t_pkey, add primary key (name, key)").await;
    assert_eq!(insert("insert into t values ('7', 'd')").await, ["public.t [\"d\", \"7\"]"]);
    assert_eq!(
        postgres.logged_as_owner("truncate t").await,
        ["[\"a\", \"1\"]", "[\"c\", \"x\\\"y\"]", "[\"d\", \"7\"]"].map(|key| format!("public.t {key}"))
    );
    postgres.execute("alter table t drop column key").await;
    assert_eq!(insert("insert into t values ('e')").await, [""; 0]);
    assert_eq!(postgres.logged_as_owner("truncate t").await, [""; 0]);
    writer.close().await.unwrap();
    postgres.remove().await;
}

#[actix_web::test]
async fn tables_are_altered_and_dropped_as_before_on_postgres() {
    let schema = "create table t (id integer primary key, version integer not null default 1, name text)";
    let postgres = Attached::before(schema).await;
    let options = rowcast::attach::Options {
        count_versions: [super::database::table("public", "t")].into(),
        ..Default::default()
    };
    postgres.attach(&options).await;
    for sql in [
        "alter table t alter version type bigint",
        "alter table t alter id type bigint",
        "alter table t drop column name",
        "insert into t values (1); update t set id = 2",
        "alter table t drop column version",
        "update t set id = 3",
        "alter table t drop column id",
        "insert into t default values",
        "drop table t",
        "create table t (id text primary key, version integer not null)",
    ] {
        postgres.execute(sql).await;
    }
    postgres.plan(&options).await;
    postgres.remove().await;
}
