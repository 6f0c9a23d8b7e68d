//! The installed program: start, stop and faults in between.

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
