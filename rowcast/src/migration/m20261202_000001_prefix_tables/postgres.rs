//! PostgreSQL renames in the catalog, and rewrites nothing: cursors stay valid, because the log keeps its file.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use super::TABLES;
use crate::migration::{log_triggers, names::PREFIX};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (db, schema) = (manager.get_connection(), log_triggers::schema(manager).await?);
    for table in tables() {
        let sql = format!("alter table {schema}.{table} rename to {PREFIX}{table}");
        db.execute_unprepared(&sql).await?;
    }
    let names: Vec<String> = tables().map(|table| format!("'{PREFIX}{table}'")).collect();
    for statement in RENAMES.into_iter().chain(CHANGE_LOG) {
        let sql = statement.replace("{schema}", &schema).replace("{tables}", &names.join(", "));
        db.execute_unprepared(&sql).await?;
    }
    for function in functions(manager, &schema).await? {
        db.execute_unprepared(&function).await?;
    }
    Ok(())
}

/// The tables, without the prefix.
fn tables() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().chain(["commits", "runs"])
}

/// Constraints with their indexes, other indexes, sequences, and triggers of the tables.
const RENAMES: [&str; 3] = [
    "do $$ declare of record; begin
        for of in
            select conrelid::regclass as at, conname as name from pg_constraint
            where not starts_with(conname::text, 'rowcast_') and conrelid in (
                select oid from pg_class where relnamespace = '{schema}'::regnamespace and relname::text in ({tables})
            )
        loop
            execute format('alter table %s rename constraint %I to %I', of.at, of.name, 'rowcast_' || of.name);
        end loop;
    end $$",
    "do $$ declare of record; begin
        for of in
            with tables as (
                select oid from pg_class where relnamespace = '{schema}'::regnamespace
                    and relname::text in ({tables})
            )
            select relname as name, case relkind when 'S' then 'sequence' else 'index' end as kind
            from pg_class where not starts_with(relname::text, 'rowcast_') and oid in (
                select indexrelid from pg_index where indrelid in (select oid from tables)
                union all
                select objid from pg_depend where classid = 'pg_class'::regclass and deptype in ('a', 'i')
                    and refclassid = 'pg_class'::regclass and refobjid in (select oid from tables)
            ) and relkind in ('i', 'S')
        loop
            execute format('alter %s {schema}.%I rename to %I', of.kind, of.name, 'rowcast_' || of.name);
        end loop;
    end $$",
    "do $$ declare of record; begin
        for of in
            select tgname as name from pg_trigger
            where tgrelid = '{schema}.rowcast_change_log'::regclass and tgname in ('change_log_cut', 'change_log_changed')
        loop
            execute format('alter trigger %I on {schema}.rowcast_change_log rename to %I', of.name, 'rowcast_' || of.name);
        end loop;
    end $$",
];

const CHANGE_LOG: [&str; 4] = [
    "alter table {schema}.rowcast_change_log alter column row_id drop not null",
    "alter table {schema}.rowcast_change_log add column row_key text",
    "alter table {schema}.rowcast_change_log add check ((row_id is null) <> (row_key is null))",
    "alter table {schema}.rowcast_change_log add check (json_typeof(row_key::json) = 'array')",
];

/// The definitions of trigger functions that refer to the tables, with the new names: those of the engine, and those
/// that its helpers have made for tables of products. Owner, privileges and settings stay.
async fn functions(manager: &SchemaManager<'_>, schema: &str) -> Result<Vec<String>, DbErr> {
    let sql = format!(
        "select pg_get_functiondef(oid) as definition from pg_proc
         where pronamespace = '{schema}'::regnamespace and prorettype = 'trigger'::regtype
            and pg_has_role(proowner, 'usage') order by proname"
    );
    let found =
        manager.get_connection().query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let mut all = Vec::new();
    for row in found {
        let definition: String = row.try_get("", "definition")?;
        let renamed = renamed(&definition, schema);
        all.extend((renamed != definition).then_some(renamed));
    }
    Ok(all)
}

/// Replaces the names of tables and of the log's sequence, where the schema stands before them.
pub(in crate::migration) fn renamed(definition: &str, schema: &str) -> String {
    let qualifier = format!("{schema}.");
    let mut parts = definition.split(&*qualifier);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(part.len());
        let name = &part[..end];
        let is_engine = name == "change_log_seq_seq" || tables().any(|table| table == name);
        text.extend([&*qualifier, if is_engine { PREFIX } else { "" }, part]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_behind_the_schema_are_replaced() {
        let before = r#"insert into "My gym".change_log values (1); delete from "My gym".tokens; "My gym".tokens_of()"#;
        let after = r#"insert into "My gym".rowcast_change_log values (1); delete from "My gym".rowcast_tokens; "My gym".tokens_of()"#;
        assert_eq!(renamed(before, r#""My gym""#), after);
        assert_eq!(renamed("from change_log, other.tokens", "public"), "from change_log, other.tokens");
        assert_eq!(
            renamed("last_value from public.change_log_seq_seq)", "public"),
            "last_value from public.rowcast_change_log_seq_seq)"
        );
    }
}
