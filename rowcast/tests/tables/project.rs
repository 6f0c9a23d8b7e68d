//! Projects without Rust, on SQLite and on PostgreSQL.

mod database;
mod migrations;
mod migrations_postgres;
mod migrations_sqlite;
mod reset;
mod settings;
