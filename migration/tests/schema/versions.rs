//! A row's version moves whenever the row does, whichever program writes it.

use sea_orm::{DatabaseConnection, DbBackend};

use super::{all, execute, query};

/// Coaches and plans with distinct ids, independent of earlier rows.
const ROWS: [&str; 5] = [
    "insert into coaches (id, name, age, picture) values (900, 'Ada', 36, 'https://x'), (901, 'Bo', 40, 'https://x')",
    "insert into exercise_moves (id, name, focus, description, video_link)
        values (900, 'Plank', 'core', 'Hold a straight line.', 'https://example.com/plank.mp4')",
    "insert into workout_plans (id, name, difficulty, description)
        values (900, 'Early', 'easy', 'Wakes up every muscle.'), (901, 'Late', 'easy', 'Wakes up every muscle.')",
    "insert into schedules (id, day, hour, coach_id, workout_plan_id) values (900, 'Monday', '900', 900, 900)",
    "update workout_plans set version = 1 where id > 899",
];

pub(crate) async fn check_all(db: &DatabaseConnection) {
    all(db, &ROWS).await;
    row_change_increments_version(db).await;
    unchanged_row_keeps_version(db).await;
    explicit_version_is_kept(db).await;
    version_never_decreases(db).await;
    link_change_increments_version_of_plan(db).await;
    reused_id_has_new_version(db).await;
    triggers_are_recreated_for_new_column(db).await;
}

/// The version of one row.
pub(crate) async fn version(db: &DatabaseConnection, table: &str, id: i64) -> i64 {
    let rows = query(db, &format!("select version from {table} where id = {id}")).await;
    rows[0].try_get("", "version").unwrap()
}

/// By how much a statement increments the version of a row.
pub(crate) async fn moves(db: &DatabaseConnection, table: &str, id: i64, sql: &str) -> i64 {
    let before = version(db, table, id).await;
    all(db, &[sql]).await;
    version(db, table, id).await - before
}

async fn row_change_increments_version(db: &DatabaseConnection) {
    for (table, sql) in [
        ("coaches", "update coaches set name = 'Ada L.' where id = 900"),
        ("coaches", "update coaches set name = 'ada L.' where id = 900"),
        ("coaches", "update coaches set username = 'ada-900' where id = 900"),
        ("coaches", "update coaches set username = null where id = 900"),
        ("coaches", "update coaches set age = age + 1"),
        (
            "exercise_moves",
            "update exercise_moves set description = description || ' Longer.' where id = 900",
        ),
        ("workout_plans", "update workout_plans set difficulty = 'hard'"),
        ("schedules", "update schedules set hour = '1000' where id = 900"),
        ("schedules", "update schedules set coach_id = 901, day = 'Sunday' where id = 900"),
        (
            "coaches",
            "insert into coaches (id, name, age, picture) values (900, 'Grace', 36, 'https://x')
                on conflict (id) do update set name = excluded.name",
        ),
    ] {
        assert_eq!(moves(db, table, 900, sql).await, 1, "{sql}");
    }
}

async fn unchanged_row_keeps_version(db: &DatabaseConnection) {
    for (table, sql) in [
        ("coaches", "update coaches set name = name, age = age, username = null, version = version"),
        ("schedules", "update schedules set hour = '1000' where id = 900"),
        (
            "coaches",
            "insert into coaches (id, name, age, picture) values (900, 'Nobody', 36, 'https://x')
                on conflict (id) do nothing",
        ),
    ] {
        assert_eq!(moves(db, table, 900, sql).await, 0, "{sql}");
    }
}

async fn explicit_version_is_kept(db: &DatabaseConnection) {
    let counts = "update coaches set name = 'Counted', version = version + 1 where id = 900";
    assert_eq!(moves(db, "coaches", 900, counts).await, 1);
    let jumps = "update coaches set version = version + 5 where id = 900";
    assert_eq!(moves(db, "coaches", 900, jumps).await, 5);
}

/// A program that saves a row as it was read saves the earlier version.
async fn version_never_decreases(db: &DatabaseConnection) {
    for sql in [
        "update coaches set name = 'Old', version = 2 where id = 900",
        "update coaches set version = 1 where id = 900",
    ] {
        assert_eq!(moves(db, "coaches", 900, sql).await, 1, "{sql}");
    }
}

async fn link_change_increments_version_of_plan(db: &DatabaseConnection) {
    let add =
        "insert into workout_plan_moves (workout_plan_id, exercise_move_id, position) values (900, 900, 0)";
    assert_eq!(moves(db, "workout_plans", 900, add).await, 1);
    let same = "update workout_plan_moves set position = position";
    assert_eq!(moves(db, "workout_plans", 900, same).await, 0);
    let turn = "update workout_plan_moves set position = 7 where workout_plan_id = 900";
    assert_eq!(moves(db, "workout_plans", 900, turn).await, 1);
    let other = version(db, "workout_plans", 901).await;
    let hand_over = "update workout_plan_moves set workout_plan_id = 901 where workout_plan_id = 900";
    assert_eq!(moves(db, "workout_plans", 900, hand_over).await, 1);
    assert_eq!(version(db, "workout_plans", 901).await, other + 1);
    let drop = "delete from workout_plan_moves where workout_plan_id = 901";
    assert_eq!(moves(db, "workout_plans", 901, drop).await, 1);
    assert_eq!(moves(db, "workout_plans", 901, drop).await, 0);
    // An unchanged update has not incremented the version.
    let saved = ["begin", "update workout_plans set name = name where id = 900", add, "commit"];
    let before = version(db, "workout_plans", 900).await;
    in_one(db, &saved).await;
    assert_eq!(version(db, "workout_plans", 900).await, before + 1);
    all(
        db,
        &["delete from schedules where workout_plan_id = 900", "delete from workout_plans where id = 900"],
    )
    .await;
    assert!(query(db, "select 1 from workout_plan_moves where workout_plan_id = 900").await.is_empty());
}

async fn reused_id_has_new_version(db: &DatabaseConnection) {
    let coach = |id: i64| {
        format!("insert into coaches (id, name, age, picture) values ({id}, 'Ed', 41, 'https://x')")
    };
    // An id from the counter; explicit ids do not advance it.
    all(db, &["insert into coaches (name, age, picture) values ('Next', 41, 'https://x')"]).await;
    let next = query(db, "select id from coaches where name = 'Next'").await;
    let next: i64 = next[0].try_get("", "id").unwrap();
    assert_eq!(version(db, "coaches", next).await, 1);
    all(db, &["update coaches set age = 42 where name = 'Next'", "delete from coaches where name = 'Next'"])
        .await;
    all(db, &[&coach(next)]).await;
    assert!(version(db, "coaches", next).await > 2);
    all(db, &[&coach(5_000)]).await;
    assert_eq!(version(db, "coaches", 5_000).await, 1);
    all(db, &["delete from coaches where name = 'Ed'"]).await;
}

/// Statements on one connection.
async fn in_one(db: &DatabaseConnection, statements: &[&str]) {
    match db.get_database_backend() {
        DbBackend::Sqlite => all(db, statements).await,
        _ => all(db, &[&statements.join("; ")]).await,
    }
}

async fn triggers_are_recreated_for_new_column(db: &DatabaseConnection) {
    execute(db, "alter table coaches add column motto text").await.unwrap();
    let manager = sea_orm_migration::SchemaManager::new(db);
    rowcast::migration::versions::guard(&manager, "coaches").await.unwrap();
    let moved = moves(db, "coaches", 900, "update coaches set motto = 'Slowly' where id = 900").await;
    rowcast::migration::versions::release(&manager, "coaches").await.unwrap();
    execute(db, "alter table coaches drop column motto").await.unwrap();
    rowcast::migration::versions::guard(&manager, "coaches").await.unwrap();
    assert_eq!(moved, 1);
    assert_eq!(moves(db, "coaches", 900, "update coaches set age = 70 where id = 900").await, 1);
}
