//! The program as it is installed: its start, its end, and what goes wrong in between.

mod crash;
mod disk;
mod migrating;
mod outage;
mod pooler;
mod start;
mod stop;
pub(crate) mod writers;
