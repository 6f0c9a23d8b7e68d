//! The program as it is installed: its start, its end, and what goes wrong in between.

mod crash;
mod database_file;
mod disk;
mod endless_statements;
mod migrations;
mod outage;
mod output;
mod pooler;
mod read_only;
mod start;
mod stop;
mod wal;
pub(crate) mod write_log;
