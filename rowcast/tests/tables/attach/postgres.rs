//! PostgreSQL, with a role that has no right but to write the tables.

mod choice;
mod database;
mod detachment;
mod keys;
mod load;
mod many_tables;
mod partitions;
mod plan;
mod rights;
mod schema_changes;
mod versions;
mod writes;
