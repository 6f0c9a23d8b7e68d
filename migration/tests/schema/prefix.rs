//! The engine's tables beside those of other programs, and the log of a database in which they had no prefix.

use rowcast::migration::{NewTable, log_triggers};
use sea_orm::{DatabaseConnection, DbBackend};
use sea_orm_migration::{MigrationTrait, MigratorTraitSelf, SchemaManager};

use super::{all, execute, migrations, query, run, text};

const PREFIX: &str = "m20261202_000001_prefix_tables";

/// Tables of another program; one of them is that of its migrations.
const OTHERS: [&str; 7] = [
    "create table tokens (id integer primary key, word text)",
    "create table clock (face text)",
    "create table requests (id integer primary key)",
    "create table change_log (what text)",
    "insert into change_log values ('a change of theirs')",
    "create table seaql_migrations (version varchar not null primary key, applied_at bigint not null)",
    "insert into seaql_migrations values ('m20200101_000001_theirs', 1)",
];

/// `db` is empty.
pub(crate) async fn tables_of_others_are_left_alone(db: &DatabaseConnection) {
    all(db, &OTHERS).await;
    run(db).await.unwrap();
    run(db).await.unwrap();
    let coach = "insert into coaches (name, age, picture) values ('Ada', 36, 'https://x')";
    all(db, &[coach, "update coaches set age = 37", "delete from coaches"]).await;
    assert_eq!(text(db, "select what as text from change_log").await, "a change of theirs");
    assert_eq!(text(db, "select version as text from seaql_migrations").await, "m20200101_000001_theirs");
    assert_eq!(text(db, "select cast(count(*) as text) as text from tokens").await, "0");
    let logged = "select collection as text from rowcast_change_log order by seq limit 1";
    assert_eq!(text(db, logged).await, "coaches");
}

/// A migrated database that earlier versions refuse, because they do not know the one row of their table.
pub(crate) async fn earlier_versions_are_refused(db: &DatabaseConnection) {
    let known = "select version as text from seaql_migrations";
    assert_eq!((query(db, known).await.len(), &*text(db, known).await), (1, PREFIX));
}

/// `db` is migrated. A dump of an earlier version brings its rows back.
pub(crate) async fn restored_earlier_tables_are_refused(db: &DatabaseConnection) {
    let earlier = "insert into seaql_migrations values ('m20261120_000001_create_change_log', 1)";
    execute(db, earlier).await.unwrap();
    let error = run(db).await.unwrap_err().to_string();
    assert!(error.contains("restore the dump into a database without tables"), "{error}");
    execute(db, "delete from seaql_migrations where applied_at = 1").await.unwrap();
    run(db).await.unwrap();
}

/// `db` is empty. Of the newest entries some are gone, so that the sequence is ahead of the log.
pub(crate) async fn log_without_prefix_keeps_entries_and_numbers(db: &DatabaseConnection) {
    let list = migrations().migrations();
    let before = list.iter().position(|migration| migration.name() == PREFIX).unwrap();
    migrations().up(db, Some(before.try_into().unwrap())).await.unwrap();
    let coach = "insert into coaches (name, age, picture) values ('Ada', 36, 'https://x')";
    let cut = "delete from change_log where seq > 2";
    all(db, &[coach, coach, coach, coach, cut, "update change_log_state set floor = 0"]).await;
    let mark = if db.get_database_backend() == DbBackend::Sqlite { "mark" } else { "txid" };
    let entries = async |table: &str| -> Vec<String> {
        let sql = format!(
            "select seq || ' ' || collection || ' ' || row_id || ' ' || {mark} as text from {table} order by seq"
        );
        query(db, &sql).await.iter().map(|row| row.try_get("", "text").unwrap()).collect()
    };
    let kept = entries("change_log").await;
    assert_eq!(kept.len(), 2);

    run(db).await.unwrap();
    assert_eq!(entries("rowcast_change_log").await, kept);
    assert_eq!(text(db, "select cast(floor as text) as text from rowcast_change_log_state").await, "0");
    all(db, &[coach]).await;
    let next = "select cast(max(seq) as text) as text from rowcast_change_log";
    assert_eq!(text(db, next).await, "5");
    let keys = "insert into rowcast_change_log (collection, row_key) values ('rooms', '[7, \"a\"]')";
    all(db, &[keys]).await;
    for wrong in ["null, null", "7, '[7]'", "null, '7'"] {
        let sql =
            format!("insert into rowcast_change_log (collection, row_id, row_key) values ('rooms', {wrong})");
        assert!(execute(db, &sql).await.is_err(), "{wrong}");
    }
}

/// What a product's migrations call, whenever they are applied.
pub(crate) async fn helpers_find_the_tables(db: &DatabaseConnection) {
    let manager = SchemaManager::new(db);
    let guests = "create table guests (id {id}, username {text}, version {i64} not null default 1) {strict}";
    // Its name sorts before the prefix.
    let table = NewTable::new("m20261201_000009_guests", "guests", guests).users("username");
    table.up(&manager).await.unwrap();
    let notes = "create table notes (id {id}, guest_id {i64} references guests (id)) {strict}";
    let table = NewTable::new("m20261201_000010_notes", "notes", notes).part_of("guests", "guest_id");
    table.up(&manager).await.unwrap();
    execute(db, "create table visits (id integer primary key)").await.unwrap();
    log_triggers::track_changes(&manager, "visits").await.unwrap();
    let token = format!(
        "insert into rowcast_tokens (hash, user_id, expires_at) values ('{}', 1, 2000000000)",
        "b".repeat(64)
    );
    all(
        db,
        &[
            "delete from rowcast_change_log",
            "insert into guests (username) values ('ada')",
            "insert into notes (guest_id) values (1)",
            "insert into visits values (1)",
            &token,
            "delete from notes",
            "delete from guests",
        ],
    )
    .await;
    assert!(query(db, "select 1 from rowcast_tokens").await.is_empty());
    let logged = "select distinct collection as text from rowcast_change_log order by 1";
    let logged = query(db, logged).await;
    let names: Vec<String> = logged.iter().map(|row| row.try_get("", "text").unwrap()).collect();
    assert_eq!(names, ["guests", "visits"]);
    // A reused id has another version.
    all(db, &["insert into guests (id, username) values (1, 'eve')"]).await;
    let version = "select cast(version as text) as text from guests";
    assert_ne!(text(db, version).await, "1");
    all(db, &["drop table notes", "drop table guests", "drop table visits"]).await;
}
