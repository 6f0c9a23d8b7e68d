//! Clients that are sent what changed, that come back where they were, and whose writes are done once.

mod backups;
mod changes;
mod crash;
mod cursors;
mod cut_off;
mod exactly;
mod gaps;
mod groups;
mod holders;
mod kept;
mod listed;
mod meant;
mod metrics;
mod model;
mod nodes;
mod once;
mod order;
mod others;
mod parts;
mod polling;
mod reconcile;
mod repeats;
mod restored;
mod resume;
mod resync;
mod rights;
mod silence;
mod slow;
mod statements;
mod triggers;
mod unavailable;
mod versions;
mod withheld;

pub(crate) use once::{ask, id};
