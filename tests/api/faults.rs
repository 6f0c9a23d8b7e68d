//! The program as it is installed: its start, its end, and what goes wrong in between.

mod crash;
mod disk;
mod files;
mod migrating;
mod outage;
mod pooler;
mod readonly;
mod slow;
mod start;
mod stop;
mod streams;
mod wal;
pub(crate) mod writers;
