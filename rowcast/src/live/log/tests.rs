//! Entries with keys of any kind, on both databases.

use std::sync::Arc;

use super::*;
use crate::{
    database::Database,
    key::Key,
    live::reconcile::repair::{self, Sql},
    test_database::on_both,
};

async fn write(db: &Database, statements: Vec<Sql>) -> Result<(), Error> {
    let statements = Arc::new(statements);
    let work = async move |db: &Transaction| {
        for (sql, values) in statements.iter() {
            let backend = db.get_database_backend();
            db.execute_raw(Statement::from_sql_and_values(backend, sql, values.clone())).await?;
        }
        Ok(())
    };
    db.write(work).await.map(drop)
}

async fn execute(db: &Database, sql: &str) -> Result<(), Error> {
    write(db, vec![(sql.to_owned(), Vec::new())]).await
}

async fn entries(db: &Database) -> Vec<(String, Key)> {
    let all = async |db: &Transaction| {
        let poll = poll(db, &ReadProgress::at(Position::below(0)), "an epoch").await?;
        let (mut newest, _) = newest(db, 100).await?;
        newest.reverse();
        let plain = |entries: Vec<Entry>| -> Vec<(String, Key)> {
            entries.into_iter().map(|entry| (entry.collection, entry.key)).collect()
        };
        let (polled, newest) = (plain(poll.entries), plain(newest));
        assert_eq!(polled, newest);
        Ok(polled)
    };
    db.read(all).await.unwrap()
}

#[actix_web::test]
async fn entries_with_keys_of_any_kind_are_read_in_order() {
    on_both(async |db| {
        let composite = |number: i64, text: &str| Key::from(vec![number.into(), text.into()]);
        let keys = ["ALFKI".into(), 7.into(), composite(10248, "it's \"é\""), "".into(), i64::MIN.into()];
        write(db, repair::entries("rooms", &keys)).await.unwrap();
        let by_others = "insert into rowcast_change_log (collection, row_key)
            values ('rooms', '[ 10248 , \"a\" ]'), ('rooms', '[7]'), ('rooms', '[\"7\"]')";
        execute(db, by_others).await.unwrap();
        let more = [composite(10248, "a"), 7.into(), "7".into()];
        let expected: Vec<_> = keys.into_iter().chain(more).map(|key| ("rooms".to_owned(), key)).collect();
        assert_eq!(entries(db).await, expected);
    })
    .await;
}

#[actix_web::test]
async fn entry_has_exactly_one_readable_key() {
    on_both(async |db| {
        for values in ["7, '[7]'", "null, null", "null, '7'", "null, 'x'", "null, '{\"id\": 7}'"] {
            let sql = format!(
                "insert into rowcast_change_log (collection, row_id, row_key) values ('rooms', {values})"
            );
            assert!(execute(db, &sql).await.is_err(), "{values}");
        }
        // Columns may be null on SQLite, and other programs may write anything: the log is read on.
        let odd = "insert into rowcast_change_log (collection, row_key)
            values ('rooms', '[null]'), ('rooms', '[1.5, 2]'), ('rooms', '[]'), ('rooms', '[\"a\"]')";
        execute(db, odd).await.unwrap();
        let nothing = (String::new(), Key::Number(0));
        assert_eq!(
            entries(db).await,
            [nothing.clone(), nothing.clone(), nothing, ("rooms".to_owned(), "a".into())]
        );
    })
    .await;
}

#[actix_web::test]
async fn versions_of_rows_with_any_key_are_incremented() {
    on_both(async |db| {
        let tables = [
            "create table customers (customer_id text primary key, version integer not null)",
            "create table rooms (gym integer, room text, version integer not null, primary key (gym, room))",
            "insert into customers values ('ALFKI', 1), ('it''s', 4), ('ANATR', 1)",
            "insert into rooms values (7, 'a', 1), (7, 'b', 1), (8, 'a', 1)",
        ];
        for sql in tables {
            execute(db, sql).await.unwrap();
        }
        let customers = [("ALFKI".into(), 1), ("it's".into(), 4), ("ANATR".into(), 9)];
        write(db, repair::versions("customers", &["customer_id"], &customers)).await.unwrap();
        let rooms = [(vec![7.into(), "b".into()].into(), 1), (vec![9.into(), "a".into()].into(), 1)];
        write(db, repair::versions("rooms", &["gym", "room"], &rooms)).await.unwrap();
        for (sql, versions) in [
            ("select version from customers order by customer_id", [2, 1, 5]),
            ("select version from rooms order by gym, room", [1, 2, 1]),
        ] {
            let read = async move |db: &Transaction| {
                let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
                Ok(rows.iter().map(version).collect::<Result<Vec<_>, DbErr>>()?)
            };
            assert_eq!(db.read(read).await.unwrap(), versions, "{sql}");
        }
    })
    .await;
}

/// SQLite has one width of integers.
fn version(row: &QueryResult) -> Result<i64, DbErr> {
    row.try_get::<i64>("", "version").or_else(|_| row.try_get::<i32>("", "version").map(i64::from))
}
