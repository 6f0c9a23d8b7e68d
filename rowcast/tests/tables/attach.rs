//! Databases that exist: what Rowcast puts beside their tables, as programs that know nothing of it write to them.

mod postgres;
mod sqlite;
