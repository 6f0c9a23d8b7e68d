//! Checks for both databases.

use std::collections::BTreeSet;

use sea_orm::DatabaseConnection;

use super::{execute, log, query, text};

pub(crate) async fn check_all(db: &DatabaseConnection) {
    assert_eq!(text(db, "select cast(floor as text) as text from rowcast_change_log_state").await, "0");
    ids_and_versions_start_at_one(db).await;
    every_change_of_a_row_is_logged(db).await;
    rolled_back_write_is_not_logged(db).await;
    link_change_logs_its_plan(db).await;
    referenced_row_cannot_be_deleted(db).await;
    cascaded_delete_is_logged(db).await;
    token_is_deleted_with_coach_unlogged(db).await;
    invalid_rows_are_refused(db).await;
    text_sorts_by_code_point(db).await;
    request_id_is_unique(db).await;
    epoch_is_unique(db).await;
    log_floor_covers_removed_entries(db).await;
}

const PLAN: &str = "insert into workout_plans (name, difficulty, description)
    values ('Early bird', 'easy', 'Wakes up every muscle.')";
const MOVE: &str = "insert into exercise_moves (name, focus, description, video_link)
    values ('Plank', 'core', 'Hold a straight line.', 'https://example.com/plank.mp4')";
const COACH: &str =
    "insert into coaches (name, age, picture) values ('Ada', 36, 'https://example.com/ada.png')";

/// The rows that a statement logs, as `collection id` separated by spaces; each once, since its version may change as well.
async fn logged(db: &DatabaseConnection, sql: &str) -> String {
    log(db).await;
    super::all(db, &[sql]).await;
    let entries = log(db).await;
    let rows: BTreeSet<_> = entries.iter().map(|(name, id)| format!("{name} {id}")).collect();
    rows.into_iter().collect::<Vec<_>>().join(" ")
}

async fn ids_and_versions_start_at_one(db: &DatabaseConnection) {
    super::all(db, &[COACH, COACH, "delete from coaches where id = 2", COACH]).await;
    let rows = query(db, "select id, version from coaches order by id").await;
    let rows: Vec<(i64, i64)> = rows
        .iter()
        .map(|row| (row.try_get("", "id").unwrap(), row.try_get("", "version").unwrap()))
        .collect();
    assert_eq!(rows, [(1, 1), (3, 1)]);
}

async fn every_change_of_a_row_is_logged(db: &DatabaseConnection) {
    assert_eq!(logged(db, COACH).await, "coaches 4");
    assert_eq!(logged(db, "update coaches set age = age + 1").await, "coaches 1 coaches 3 coaches 4");
    assert_eq!(logged(db, "update coaches set id = 40 where id = 4").await, "coaches 4 coaches 40");
    assert_eq!(logged(db, "delete from coaches where id = 40").await, "coaches 40");
    assert_eq!(logged(db, "delete from coaches where id = 40").await, "");
    assert_eq!(logged(db, MOVE).await, "exercise_moves 1");
    assert_eq!(logged(db, PLAN).await, "workout_plans 1");
    let class = "insert into schedules (day, hour, coach_id, workout_plan_id) values ('Monday', '900', 1, 1)";
    assert_eq!(logged(db, class).await, "schedules 1");
    let upsert = "insert into coaches (id, name, age, picture) values (1, 'Ada L.', 36, 'https://x')
        on conflict (id) do update set name = excluded.name";
    assert_eq!(logged(db, upsert).await, "coaches 1");
}

async fn rolled_back_write_is_not_logged(db: &DatabaseConnection) {
    log(db).await;
    let backend = db.get_database_backend();
    if backend == sea_orm::DbBackend::Sqlite {
        super::all(db, &["begin", COACH, "rollback"]).await;
    } else {
        execute(db, &format!("begin; {COACH}; rollback")).await.unwrap();
    }
    assert_eq!(log(db).await, []);
}

async fn link_change_logs_its_plan(db: &DatabaseConnection) {
    super::all(db, &[PLAN]).await;
    let moves = "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position)
        values (1, 1, 0), (1, 1, 1)";
    assert_eq!(logged(db, moves).await, "workout_plans 1");
    let turn = "update workout_plan_moves set position = 7 where position = 1";
    assert_eq!(logged(db, turn).await, "workout_plans 1");
    let hand_over = "update workout_plan_moves set workout_plan_id = 2 where position = 7";
    assert_eq!(logged(db, hand_over).await, "workout_plans 1 workout_plans 2");
    let drop = "delete from workout_plan_moves where workout_plan_id = 2";
    assert_eq!(logged(db, drop).await, "workout_plans 2");
}

async fn referenced_row_cannot_be_deleted(db: &DatabaseConnection) {
    for sql in [
        "delete from coaches where id = 1",
        "delete from workout_plans where id = 1",
        "delete from exercise_moves where id = 1",
        "update schedules set coach_id = 999",
        "update workout_plan_moves set exercise_move_id = 999",
    ] {
        assert!(execute(db, sql).await.is_err(), "{sql}");
    }
}

async fn cascaded_delete_is_logged(db: &DatabaseConnection) {
    super::all(db, &["delete from schedules"]).await;
    let entries = logged(db, "delete from workout_plans where id = 1").await;
    assert_eq!(entries, "workout_plans 1");
    assert!(query(db, "select 1 from workout_plan_moves").await.is_empty());
}

async fn token_is_deleted_with_coach_unlogged(db: &DatabaseConnection) {
    let token = "insert into rowcast_tokens (hash, user_id, expires_at) values";
    let token = format!("{token} ('{}', 3, 2000000000)", "a".repeat(64));
    assert_eq!(logged(db, &token).await, "");
    assert!(execute(db, &token).await.is_err(), "a hash stands once");
    assert_eq!(logged(db, "delete from coaches where id = 3").await, "coaches 3");
    assert!(query(db, "select 1 from rowcast_tokens").await.is_empty());
}

async fn invalid_rows_are_refused(db: &DatabaseConnection) {
    super::all(db, &[PLAN, "update coaches set username = 'ada' where id = 1"]).await;
    let class = "insert into schedules (id, day, hour, coach_id, workout_plan_id)
        values (50, 'Monday', '0', 1, (select max(id) from workout_plans))";
    super::all(db, &[class]).await;
    super::all(db, &[COACH]).await;
    let wrong = [
        ("coaches", "name", "'A'"),
        ("coaches", "name", "null"),
        ("coaches", "name", &format!("'{}'", "é".repeat(41))),
        ("coaches", "age", "17"),
        ("coaches", "age", "121"),
        ("coaches", "picture", "'ftp://example.com'"),
        ("coaches", "picture", &format!("'https://{}'", "a".repeat(2000))),
        ("coaches", "username", "'ada'"),
        ("coaches", "version", "0"),
        ("exercise_moves", "focus", "'x'"),
        ("exercise_moves", "description", "'short'"),
        ("exercise_moves", "video_link", "'plank.mp4'"),
        ("workout_plans", "difficulty", "'a difficulty too long'"),
        ("workout_plans", "description", "'short'"),
        ("schedules", "day", "'monday'"),
        ("schedules", "hour", "'0900'"),
        ("schedules", "hour", "'2400'"),
        ("schedules", "hour", "'960'"),
        ("schedules", "hour", "'-1'"),
        ("schedules", "hour", "'9:00'"),
        ("schedules", "hour", "''"),
        ("schedules", "hour", "'00'"),
        ("schedules", "hour", "null"),
    ];
    for (table, column, value) in wrong {
        let last = format!("(select max(id) from {table})");
        let sql = format!("update {table} set {column} = {value} where id = {last}");
        assert!(execute(db, &sql).await.is_err(), "{sql}");
    }
    for (column, value) in [
        ("hour", "'5'"),
        ("hour", "'59'"),
        ("hour", "'100'"),
        ("hour", "'959'"),
        ("hour", "'1930'"),
        ("hour", "'2359'"),
        ("day", "'Sunday'"),
    ] {
        super::all(db, &[&format!("update schedules set {column} = {value}")]).await;
    }
    let long = format!("update coaches set name = '{}'", "é".repeat(40));
    super::all(db, &[&long, "update coaches set picture = 'HTTP://EXAMPLE.com'"]).await;
}

async fn text_sorts_by_code_point(db: &DatabaseConnection) {
    super::all(db, &["update coaches set name = 'bo' where id = 1"]).await;
    super::all(db, &["update coaches set name = 'Zo' where id <> 1"]).await;
    let first = "select name as text from coaches order by coaches.name limit 1";
    assert_eq!(text(db, first).await, "Zo");
}

async fn request_id_is_unique(db: &DatabaseConnection) {
    let id = "6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59";
    let request = format!(
        "insert into rowcast_requests (id, digest, ack, at) values ('{id}', '{}', '{{}}', 1)",
        "a".repeat(64)
    );
    assert_eq!(logged(db, &request).await, "");
    assert!(execute(db, &request).await.is_err());
}

async fn epoch_is_unique(db: &DatabaseConnection) {
    let epoch = "insert into rowcast_epochs (epoch, place, began) values ('6a2f41a3-c54c-4b1c-8f5e-0f1d2c3b4a59', '', 0)";
    super::all(db, &[epoch]).await;
    assert!(execute(db, epoch).await.is_err());
    assert!(execute(db, "insert into rowcast_change_log_state (id, floor) values (2, 0)").await.is_err());
}

/// Entries that any program has deleted or changed.
async fn log_floor_covers_removed_entries(db: &DatabaseConnection) {
    let end = match db.get_database_backend() {
        sea_orm::DbBackend::Sqlite => "select coalesce(max(seq), 0) + 1 as number from rowcast_change_log",
        _ => "select max(txid::text::bigint) + 1 as number from rowcast_change_log",
    };
    let number = async |sql: &str| -> i64 { query(db, sql).await[0].try_get("", "number").unwrap() };
    let floor = "select floor as number from rowcast_change_log_state";
    for cut in [
        "delete from rowcast_change_log where seq = (select max(seq) from rowcast_change_log)",
        "delete from rowcast_change_log",
        "update rowcast_change_log set row_id = 7 where seq = (select max(seq) from rowcast_change_log)",
    ] {
        super::all(db, &[COACH, COACH]).await;
        let end = number(end).await;
        assert!(number(floor).await < end, "before {cut}");
        super::all(db, &[cut]).await;
        assert_eq!(number(floor).await, end, "after {cut}");
        super::all(db, &["delete from rowcast_change_log where seq < 0"]).await;
        assert_eq!(number(floor).await, end, "nothing is gone");
    }
}
