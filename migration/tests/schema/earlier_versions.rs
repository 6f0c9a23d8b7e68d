//! Databases of versions in which engine and planner were one: migrated to the schema of a new one, with their rows.

use sea_orm::{DatabaseConnection, DbBackend};

use super::{all, execute, query, run, text};

/// The sample gym; coach 1 has signed in once, from one address.
const SQLITE: &str = include_str!("../before/sqlite.sql");
const POSTGRES: &str = include_str!("../before/postgres.sql");

/// `old` is empty, `new` has been migrated from nothing.
pub(crate) async fn assert_migrated(old: &DatabaseConnection, new: &DatabaseConnection) {
    let is_sqlite = old.get_database_backend() == DbBackend::Sqlite;
    if is_sqlite {
        for statement in statements(SQLITE) {
            execute(old, &statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
    } else {
        // In one go: the dump changes the connection that it runs on.
        all(old, &[&format!("{POSTGRES}; select set_config('search_path', 'public', false)")]).await;
    }
    let hash = text(old, "select hash as text from tokens").await;
    run(old).await.unwrap();

    let (migrated, expected) = (schema(old).await, schema(new).await);
    let missing: Vec<_> = expected.iter().filter(|thing| !migrated.contains(thing)).collect();
    let extra: Vec<_> = migrated.iter().filter(|thing| !expected.contains(thing)).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing: {missing:#?}, extra: {extra:#?}");
    let kept = format!("select 'yes' as text from rowcast_tokens where user_id = 1 and hash = '{hash}'");
    assert_eq!(query(old, &kept).await.len(), 1);
    assert_eq!(query(old, "select 1 from rowcast_user_addresses where user_id = 1").await.len(), 1);
    assert_eq!(text(old, "select cast(count(*) as text) as text from schedules").await, "36");
    // What is left of a user goes with its row.
    all(old, &["delete from schedules where coach_id = 1", "delete from coaches where id = 1"]).await;
    for of_user in ["rowcast_tokens", "rowcast_user_addresses"] {
        assert!(query(old, &format!("select 1 from {of_user}")).await.is_empty(), "{of_user}");
    }
}

/// What tables, columns, constraints, indexes, triggers and functions there are.
async fn schema(db: &DatabaseConnection) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => {
            "select type || ' ' || name || ' ' || coalesce(sql, '') as text from sqlite_schema order by type, name"
        }
        _ => {
            "select text collate \"C\" as text from (
                select 'column ' || table_name || '.' || column_name || ' ' || ordinal_position || ' ' || data_type
                    || ' ' || is_nullable || ' ' || coalesce(column_default, '') || ' ' || coalesce(collation_name, '')
                    from information_schema.columns where table_schema = 'public'
                union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'
                union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
                    from pg_constraint where connamespace = 'public'::regnamespace
                union all select 'trigger ' || tgenabled::text || ' ' || pg_get_triggerdef(oid)
                    from pg_trigger where not tgisinternal
                union all select 'function ' || pg_get_functiondef(oid)
                    from pg_proc where pronamespace = 'public'::regnamespace
            ) as things (text) order by 1"
        }
    };
    let rows = query(db, sql).await;
    // SQLite stores statements as they were written.
    let plain = |text: String| {
        let words = text.replace(['"', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        words.replace(" ,", ",").replace("( ", "(").replace(" )", ")")
    };
    rows.iter().map(|row| plain(row.try_get("", "text").unwrap()).to_lowercase()).collect()
}

/// A dump's statements. A trigger has some within it.
fn statements(dump: &str) -> Vec<String> {
    let (mut all, mut one) = (Vec::new(), String::new());
    for line in dump.lines().filter(|line| !matches!(*line, "BEGIN TRANSACTION;" | "COMMIT;")) {
        one.push_str(line);
        one.push('\n');
        let is_trigger = one.to_lowercase().starts_with("create trigger");
        if line.ends_with(';') && (!is_trigger || line.trim_end().to_lowercase().ends_with("end;")) {
            all.push(std::mem::take(&mut one));
        }
    }
    all
}
