//! Clients that are told what changed, that come back where they were, and whose writes are done once.

mod backups;
mod changes;
mod crash;
mod cursors;
mod exactly;
mod groups;
mod holders;
mod listed;
mod metrics;
mod model;
mod nodes;
mod once;
mod order;
mod others;
mod polling;
mod repeats;
mod resume;
mod silence;
mod slow;
mod statements;
mod triggers;
mod unavailable;
