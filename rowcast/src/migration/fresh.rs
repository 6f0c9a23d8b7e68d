//! The engine's tables in a database that has none of them: at once under their present names.
//!
//! The earlier migrations would create `tokens`, `clock` and others before a later one gives them a prefix, and a
//! database of another program may have tables of those names. The result is that of the migrations up to [`LAST`], so
//! they are recorded as applied.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use super::{
    ddl, log_triggers, m20261130_000002_guard_the_log as guard_the_log,
    m20261202_000001_prefix_tables as prefix_tables, names, versions,
};

/// The migration whose result this is.
pub(super) const LAST: &str = "m20261202_000001_prefix_tables";

/// Creates the tables, with their functions and triggers.
pub(super) async fn create(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    ddl::execute(manager, &TABLES).await?;
    let is_sqlite = manager.get_database_backend() == DbBackend::Sqlite;
    let (log, now) = if is_sqlite {
        (prefix_tables::sqlite::CHANGE_LOG, "unixepoch()")
    } else {
        (POSTGRES_CHANGE_LOG, "extract(epoch from now())::bigint")
    };
    let clock = format!("insert into rowcast_clock (id, at, wall) values (1, {now}, {now})");
    ddl::execute(manager, &[log, &clock]).await?;
    if is_sqlite {
        ddl::execute(manager, &prefix_tables::sqlite::GUARDS).await?;
    } else {
        ddl::execute(manager, &POSTGRES).await?;
        guard_log(manager).await?;
    }
    versions::prepare_in(manager, names::PREFIX).await
}

/// The functions of the log's triggers on PostgreSQL, as the earlier migration creates them.
async fn guard_log(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let schema = log_triggers::schema(manager).await?;
    for statement in guard_the_log::postgres(&schema) {
        let sql = prefix_tables::postgres::renamed(&statement, &schema);
        let sql = sql.replace(" trigger change_log_", " trigger rowcast_change_log_");
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

const TABLES: [&str; 13] = [
    "create table rowcast_change_log_state (
        id {i64} primary key check (id = 1),
        floor {i64} not null
    ) {strict}",
    "insert into rowcast_change_log_state (id, floor) values (1, 0)",
    "create table rowcast_change_log_marks (
        id {id},
        at {i64} not null,
        next {i64} not null
    ) {strict}",
    "create table rowcast_change_log_digest (
        id {i64} primary key check (id = 1),
        epoch {text} not null,
        position {text} not null,
        digest {text} not null
    ) {strict}",
    "create table rowcast_epochs (
        id {id},
        epoch {text} not null unique check (length(epoch) = 36),
        place {text} not null,
        began {i64} not null
    ) {strict}",
    "create table rowcast_clock (
        id {i64} primary key check (id = 1),
        at {i64} not null,
        wall {i64} not null,
        boot {text},
        uptime {i64}
    ) {strict}",
    "create table rowcast_requests (
        id {text} primary key check (length(id) = 36),
        digest {text} not null check (length(digest) = 64),
        ack {text} not null,
        at {i64} not null,
        kind {i64} not null default 1,
        owner {i64},
        source {text} not null default '',
        size {i64} not null default 0,
        collection {text},
        row_id {i64},
        row_key {text}
    ) {strict}",
    "create index rowcast_requests_at on rowcast_requests (at)",
    "create index rowcast_requests_source on rowcast_requests (source, size, at)",
    "create table rowcast_tokens (
        id {id},
        hash {text} not null unique check (length(hash) = 64),
        user_id {i64} not null,
        expires_at {i64} not null
    ) {strict}",
    "create index rowcast_tokens_user_id on rowcast_tokens (user_id)",
    "create index rowcast_tokens_expires_at on rowcast_tokens (expires_at)",
    "create table rowcast_user_addresses (
        user_id {i64} not null,
        address {text} not null,
        at {i64} not null,
        primary key (user_id, address)
    ) {strict}",
];

const POSTGRES_CHANGE_LOG: &str = "
create table rowcast_change_log (
    seq bigint generated always as identity primary key,
    collection text not null,
    row_id bigint,
    txid xid8 not null default pg_current_xact_id(),
    row_key text check (json_typeof(row_key::json) = 'array'),
    check ((row_id is null) <> (row_key is null))
)";

const POSTGRES: [&str; 3] = [
    "create index rowcast_change_log_txid on rowcast_change_log (txid)",
    "create unlogged table rowcast_runs (id text not null)",
    "create table rowcast_commits (
        id text primary key,
        at bigint not null
    )",
];
