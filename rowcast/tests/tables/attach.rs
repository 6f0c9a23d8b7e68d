//! Databases that exist: what Rowcast puts beside their tables, as programs that know nothing of it write to them.

mod engine;
mod postgres;
mod sqlite;
