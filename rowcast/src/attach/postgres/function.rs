//! Trigger functions.
//!
//! They run with the rights of the role that attached, so that writers need none in the schema `rowcast`. All names are
//! qualified, and `search_path` is fixed. Values are converted by the output functions of their types (`concat`), never by
//! casts, because the owner of a type can define what a cast executes. An error of their own never makes a write fail.

use crate::{
    attach::{
        SCHEMA, Statement, collection,
        name::{dollar_quoted, fill, hash, postgres_text, quoted},
        tracked::{Tracked, is_integer},
    },
    catalog::{Column, ColumnType, QualifiedName},
};
use sea_orm::DbBackend;

/// A function without schema, and all that is needed to create it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// The table that it is for, if there is one.
    pub(super) table: Option<QualifiedName>,
    signature: String,
    attributes: String,
    /// Names the attributes too, so that equal bodies are equal functions.
    pub(super) body: String,
    /// Whether it runs with its owner's rights.
    pub(super) is_definer: bool,
}

/// With its owner's rights, objects of the caller must not be found. A temporary schema is searched first unless it is
/// named.
const DEFINER: &str = "security definer set search_path = pg_catalog, pg_temp";

/// Settings on which the text of some types depends.
const SETTINGS: &str = " set datestyle = 'ISO, YMD' set intervalstyle = 'postgres' set timezone = 'UTC' \
    set bytea_output = 'hex' set extra_float_digits = '1'";

impl Function {
    /// Logs the changes of a table, or of its partitions.
    pub(super) fn log(tracked: &Tracked<'_>) -> Self {
        let name = log_name(&tracked.table.name);
        let depends = !tracked.key.iter().all(|column| is_independent(&column.column_type));
        let attributes = format!("{DEFINER}{}", if depends { SETTINGS } else { "" });
        let collection = postgres_text(&collection(&tracked.table.name, DbBackend::Postgres));
        let key = |row: &str| key_expression(&tracked.key, row);
        let values = [
            ("attributes", &*attributes),
            ("old", &key("old")),
            ("new", &key("new")),
            ("key", &postgres_text(&key("entry"))),
            ("collection", &collection),
            ("sign_ins", &sign_ins(tracked)),
        ];
        let body = fill(LOG, &values);
        Self::trigger(name, &tracked.table.name, attributes, body, true)
    }

    /// Increments the version of an updated row.
    pub(super) fn version(tracked: &Tracked<'_>) -> Self {
        let computed = tracked.table.columns.iter().filter(|column| column.generated.is_some());
        let forget = computed.map(|column| format!("        old.{} := null;\n", quoted(&column.name)));
        let body = fill(VERSION, &[("forget", &forget.collect::<String>())]);
        let name = format!("rowcast_version_{}", hash(&tracked.table.name));
        Self::trigger(name, &tracked.table.name, String::new(), body, false)
    }

    fn trigger(
        name: String,
        table: &QualifiedName,
        attributes: String,
        body: String,
        is_definer: bool,
    ) -> Self {
        let signature = "() returns trigger language plpgsql".to_owned();
        Self { name, table: Some(table.clone()), signature, attributes, body, is_definer }
    }

    /// The expression of a key by the primary key as it is now.
    pub(super) fn current_key() -> Self {
        Self {
            name: CURRENT_KEY_NAME.to_owned(),
            table: None,
            signature: "(relation oid, entry text) returns text language sql stable".to_owned(),
            attributes: "set search_path = pg_catalog, pg_temp".to_owned(),
            body: CURRENT_KEY.to_owned(),
            is_definer: false,
        }
    }

    /// The name with its schema.
    pub(super) fn qualified_name(&self) -> String {
        format!("{SCHEMA}.{}", quoted(&self.name))
    }

    pub(super) fn create(&self) -> Statement {
        let (name, body) = (self.qualified_name(), dollar_quoted(&self.body));
        let (signature, attributes) = (&self.signature, &self.attributes);
        self.statement(format!("create or replace function {name}{signature} {attributes} as {body}"))
    }

    /// A trigger executes its function without a privilege of the writer.
    pub(super) fn revoke(&self) -> Statement {
        self.statement(format!("revoke execute on function {} from public", self.qualified_name()))
    }

    fn statement(&self, sql: String) -> Statement {
        Statement { table: self.table.clone(), sql }
    }
}

/// The statements that end the sign-ins of users who are deleted, or get another key or password.
fn sign_ins(tracked: &Tracked<'_>) -> String {
    let Some(password) = &tracked.password else { return String::new() };
    let is_number = matches!(&tracked.key[..], [key] if is_integer(key));
    let (user, forget) = match is_number {
        true => (format!("(old.{}::pg_catalog.int8)", quoted(&tracked.key[0].name)), String::new()),
        false => {
            let was = format!("user_key operator(pg_catalog.=) {}", key_expression(&tracked.key, "old"));
            (
                format!("(select id from rowcast.rowcast_user_keys where {was})"),
                format!("            delete from rowcast.rowcast_user_keys where {was};\n"),
            )
        }
    };
    let differs = |column: &&Column| {
        let name = quoted(&column.name);
        format!("new.{name} is distinct from old.{name}")
    };
    let moved = tracked.key.iter().map(differs).collect::<Vec<_>>().join(" or ");
    let forget_all = if is_number { "" } else { "            delete from rowcast.rowcast_user_keys;\n" };
    let values = [
        ("user", &*user),
        ("forget", &*forget),
        ("forget_all", forget_all),
        ("moved", &*moved),
        ("password", &*quoted(password)),
    ];
    fill(SIGN_INS, &values)
}

/// The name of a table's log function, and of its row trigger.
pub(super) fn log_name(table: &QualifiedName) -> String {
    format!("rowcast_log_{}", hash(table))
}

/// The key of a row as a JSON array.
pub(in crate::attach) fn key_expression(key: &[&Column], row: &str) -> String {
    let values: Vec<String> = key.iter().map(|column| value(column, row)).collect();
    format!("pg_catalog.concat('[', {}, ']')", values.join(", ', ', "))
}

/// Integers of any type are numbers. Everything else is the text of a cast: unlike the output of a type, a Boolean is
/// `true` or `false`, and `char(n)` has no blanks at the end.
fn value(column: &Column, row: &str) -> String {
    let text = format!("pg_catalog.concat({row}.{})", quoted(&column.name));
    if is_integer(column) {
        return format!("{text}::pg_catalog.int8");
    }
    let cast = match column.column_type.base() {
        ColumnType::Boolean => "::pg_catalog.bool::pg_catalog.text",
        ColumnType::Text { .. } if is_padded(&column.sql_type) => "::pg_catalog.bpchar::pg_catalog.text",
        _ => "",
    };
    format!("pg_catalog.to_json({text}{cast})")
}

/// Whether a type is `char(n)`. Domains of it are not recognised, and keep their blanks.
fn is_padded(sql_type: &str) -> bool {
    sql_type.starts_with("character(") || sql_type == "bpchar"
}

/// Whether the text of a type is the same in all sessions.
fn is_independent(column_type: &ColumnType) -> bool {
    matches!(
        column_type.base(),
        ColumnType::Integer(_)
            | ColumnType::BigInt
            | ColumnType::Decimal { .. }
            | ColumnType::Text { .. }
            | ColumnType::Boolean
            | ColumnType::Uuid
            | ColumnType::Enum(_)
    )
}

/// The keys of truncated rows are read before. A partition with a trigger of its own logs them itself. The block around
/// the keys has no effect on the transaction's number, and costs little.
const LOG: &str = "
-- {attributes}
declare
    was text;
    became text;
    current_key text;
    insertion constant text := 'insert into rowcast.rowcast_change_log (collection, row_key) select $1, ';
    source text;
begin
{sign_ins}    if tg_op = 'TRUNCATE' then
        source := pg_catalog.format(
            ' from %s %s as entry where entry.tableoid = %s or not exists (
                select from pg_catalog.pg_trigger own
                where own.tgrelid = entry.tableoid and own.tgname = %L and own.tgenabled <> ''D'')',
            (select case relkind when 'p' then '' else 'only' end from pg_catalog.pg_class where oid = tg_relid),
            tg_relid::pg_catalog.regclass, tg_relid, tg_name);
        begin
            execute insertion || {key} || source using {collection};
        exception
            -- What Rowcast may not read it does not show.
            when insufficient_privilege then null;
            when others then
                begin
                    execute insertion || rowcast.rowcast_current_key(tg_relid, 'entry') || source using {collection};
                exception
                    -- Nothing is executed without a key.
                    when insufficient_privilege or null_value_not_allowed then null;
                end;
        end;
        return null;
    end if;
    begin
        if tg_op <> 'INSERT' then was := {old}; end if;
        if tg_op <> 'DELETE' then became := {new}; end if;
    exception
        -- A column of the key has another name or type since.
        when others then
            current_key := 'select ' || rowcast.rowcast_current_key(tg_relid, '($1)');
            if current_key is null then
                return null;
            end if;
            if tg_op <> 'INSERT' then execute current_key into was using old; end if;
            if tg_op <> 'DELETE' then execute current_key into became using new; end if;
    end;
    if was is not null and was is distinct from became then
        insert into rowcast.rowcast_change_log (collection, row_key) values ({collection}, was);
    end if;
    if became is not null then
        insert into rowcast.rowcast_change_log (collection, row_key) values ({collection}, became);
    end if;
    return null;
end
";

/// Without the column of the key no user is found, so nobody is signed in.
const SIGN_INS: &str = "    begin
        if tg_op = 'TRUNCATE' then
            delete from rowcast.rowcast_tokens;
            delete from rowcast.rowcast_user_addresses;
{forget_all}        elsif tg_op = 'DELETE' or (tg_op = 'UPDATE' and ({moved})) then
            delete from rowcast.rowcast_tokens where user_id operator(pg_catalog.=) {user};
            delete from rowcast.rowcast_user_addresses where user_id operator(pg_catalog.=) {user};
{forget}        elsif tg_op = 'UPDATE' and new.{password} is distinct from old.{password} then
            delete from rowcast.rowcast_tokens where user_id operator(pg_catalog.=) {user}
                and hash is distinct from pg_catalog.current_setting('rowcast.kept_token', true);
        end if;
    exception
        when others then null;
    end;
";

/// Rows are compared by their binary images: `is distinct from` ignores changes of case under a case-insensitive
/// collation, and cannot compare `json`. Computed columns are null in the new row until after this trigger.
const VERSION: &str = "
begin
    begin
{forget}        if new.version operator(pg_catalog.<=) old.version and new operator(pg_catalog.*<>) old then
            new.version := old.version operator(pg_catalog.+) 1;
        end if;
    exception
        -- A column has another name or type since.
        when others then null;
    end;
    return new;
end
";

const CURRENT_KEY_NAME: &str = "rowcast_current_key";

/// The order of a partition's key is that of the partitioned table. Without a key there is no expression.
const CURRENT_KEY: &str = r"
select 'pg_catalog.concat(''['', ' || string_agg(
    case
        when value.type in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
            then format('pg_catalog.concat(%s.%I)::pg_catalog.int8', entry, value.name)
        when value.type in ('bool'::regtype, 'bpchar'::regtype)
            then format('pg_catalog.to_json(pg_catalog.concat(%s.%I)::pg_catalog.%I::pg_catalog.text)',
                entry, value.name, value.type_name)
        else format('pg_catalog.to_json(pg_catalog.concat(%s.%I))', entry, value.name)
    end, ', '', '', ' order by value.at) || ', '']'')'
from (
    select k.at, a.attname as name, b.oid as type, b.typname as type_name
    from pg_index i
    cross join unnest(i.indkey::int2[]) with ordinality k(attnum, at)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    join pg_type t on t.oid = a.atttypid
    join pg_type b on b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
    where i.indrelid = relation and i.indisprimary and k.at <= i.indnkeyatts
) as value
";
