//! Changes of the schema change the fingerprint; changes of the data do not.

use super::database::{Postgres, Sqlite};

#[actix_web::test]
async fn fingerprint_changes_with_the_schema_on_postgres() {
    let postgres =
        Postgres::with("create table t (id integer, name text); create type kind as enum ('a')").await;
    let fingerprint = async || postgres.catalog().await.fingerprint().unwrap();
    let mut last = fingerprint().await;
    assert!(last.len() == 64 && last.bytes().all(|byte| byte.is_ascii_hexdigit()));
    for sql in [
        "insert into t values (1, 'a')",
        "analyze t",
        "create index t_name on t (name)",
        "create table same (id integer); drop table same",
    ] {
        postgres.execute(sql).await;
        assert_eq!(fingerprint().await, last, "{sql}");
    }
    for sql in [
        "alter table t add column kind kind",
        "alter type kind add value 'b'",
        "alter table t alter column name set not null",
        "alter table t alter column name set default 'x'",
        "alter table t alter column name type varchar(10)",
        "alter table t rename column name to title",
        "alter table t add constraint positive check (id > 0)",
        "comment on constraint positive on t is 'too small'",
        "alter table t add primary key (id)",
        "create unique index t_title on t (title)",
        "comment on column t.title is 'A title'",
        "alter table t drop column kind",
        "create view v as select id from t",
        "drop table t cascade",
    ] {
        postgres.execute(sql).await;
        let next = fingerprint().await;
        assert_ne!(next, last, "{sql}");
        last = next;
    }
    postgres.remove().await;
}

#[actix_web::test]
async fn fingerprint_changes_with_the_schema_on_sqlite() {
    let sqlite = Sqlite::with("create table t (id integer, name text)").await;
    let fingerprint = async || sqlite.catalog().await.fingerprint().unwrap();
    let mut last = fingerprint().await;
    for sql in ["insert into t values (1, 'a')", "create index t_name on t (name)", "analyze", "vacuum"] {
        sqlite.execute(sql);
        assert_eq!(fingerprint().await, last, "{sql}");
    }
    for sql in [
        "alter table t add column age integer check (age > 0)",
        "alter table t rename column name to title",
        "create unique index t_title on t (title)",
        "create table u (id integer primary key, t integer references t)",
        "create view v as select id from t",
        "drop view v",
        "alter table t drop column age",
    ] {
        sqlite.execute(sql);
        let next = fingerprint().await;
        assert_ne!(next, last, "{sql}");
        last = next;
    }
}
