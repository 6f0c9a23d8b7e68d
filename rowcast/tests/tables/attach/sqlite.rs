//! SQLite, with programs that have the file open themselves.

mod choice;
mod database;
mod detachment;
mod keys;
mod many_tables;
mod plan;
mod versions;
mod writes;
