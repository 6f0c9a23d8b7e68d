//! Triggers that write every change to the change log, in the transaction of the change.
//!
//! ```text
//! insert, update, delete ─▶ trigger ─▶ (collection, row_id)
//! ```
//!
//! A change is in the log if and only if it is in the table, whatever program made it, including cascades. An entry
//! contains the row's id; readers of the log read the row. On PostgreSQL `truncate` is logged too. One exception
//! remains: SQLite's `insert or replace` deletes without triggers, unless the program has set `pragma
//! recursive_triggers`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use super::{log_triggers, names};

/// Logs changes of `table`, which is also the collection's name.
///
/// # Errors
/// [`DbErr`] if the triggers cannot be created.
pub async fn track_changes(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    triggers(manager, table, table, "id").await
}

/// Logs changes of `table` as changes of the rows of `collection` that `column` references, for join tables.
///
/// # Errors
/// [`DbErr`] if the triggers cannot be created.
pub async fn track_changes_of(
    manager: &SchemaManager<'_>,
    table: &str,
    collection: &str,
    column: &str,
) -> Result<(), DbErr> {
    triggers(manager, table, collection, column).await
}

async fn triggers(
    manager: &SchemaManager<'_>,
    table: &str,
    collection: &str,
    column: &str,
) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DbBackend::Sqlite => sqlite(names::prefix(manager).await?, table, collection, column),
        _ => postgres(table, collection, column),
    };
    for statement in statements {
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    // Before that, a later migration does it for all triggers.
    match names::prefix(manager).await? {
        "" => Ok(()),
        _ => log_triggers::fire_always(manager).await,
    }
}

fn sqlite(prefix: &str, table: &str, collection: &str, column: &str) -> Vec<String> {
    let log = format!("insert into {prefix}change_log (collection, row_id)");
    let trigger = |on: &str, body: String| {
        format!("create trigger {table}_log_{on} after {on} on {table} for each row begin {body}; end")
    };
    let of =
        |row: &str| format!("{log} select '{collection}', {row}.{column} where {row}.{column} is not null");
    let (new, old) = (of("new"), of("old"));
    let left = format!("{old} and old.{column} is not new.{column}");
    vec![trigger("insert", new.clone()), trigger("update", format!("{left}; {new}")), trigger("delete", old)]
}

fn postgres(table: &str, collection: &str, column: &str) -> Vec<String> {
    let function = if column == "id" { "log_row" } else { "log_nested" };
    let arguments = format!("'{collection}', '{column}'");
    vec![
        format!(
            "create trigger {table}_log after insert or update or delete on {table} \
             for each row execute function {function}({arguments})"
        ),
        format!(
            "create trigger {table}_log_truncate before truncate on {table} \
             for each statement execute function log_truncate({arguments})"
        ),
    ]
}

/// Creates the functions of PostgreSQL's triggers, with the collection and the column as arguments.
///
/// They qualify names with the schema, because writers may have another `search_path`.
pub(crate) async fn create_functions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let ask = Statement::from_string(DbBackend::Postgres, "select quote_ident(current_schema()) as name");
    let row = db.query_one_raw(ask).await?;
    let schema: String =
        row.ok_or_else(|| DbErr::Migration("no schema to create in".to_owned()))?.try_get("", "name")?;
    for body in [ROW, NESTED, TRUNCATE] {
        db.execute_unprepared(&body.replace("{schema}", &schema)).await?;
    }
    Ok(())
}

const ROW: &str = "
create function log_row() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' and (tg_op = 'DELETE' or old.id <> new.id) then
        insert into {schema}.change_log (collection, row_id) values (tg_argv[0], old.id);
    end if;
    if tg_op <> 'DELETE' then
        insert into {schema}.change_log (collection, row_id) values (tg_argv[0], new.id);
    end if;
    return null;
end
$$";

const NESTED: &str = "
create function log_nested() returns trigger language plpgsql as $$
declare
    was bigint := case when tg_op <> 'INSERT' then to_jsonb(old) ->> tg_argv[1] end;
    became bigint := case when tg_op <> 'DELETE' then to_jsonb(new) ->> tg_argv[1] end;
begin
    if was is not null and was is distinct from became then
        insert into {schema}.change_log (collection, row_id) values (tg_argv[0], was);
    end if;
    if became is not null then
        insert into {schema}.change_log (collection, row_id) values (tg_argv[0], became);
    end if;
    return null;
end
$$";

const TRUNCATE: &str = "
create function log_truncate() returns trigger language plpgsql as $$
begin
    execute format(
        'insert into {schema}.change_log (collection, row_id) select distinct %L, %I from %I.%I',
        tg_argv[0], tg_argv[1], tg_table_schema, tg_table_name);
    return null;
end
$$";
