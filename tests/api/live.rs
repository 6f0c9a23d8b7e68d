//! Live updates: changes, resuming, idempotent writes.

mod backups;
mod change_log_gaps;
mod changes;
mod commit_order;
mod cursors;
mod earlier_version;
mod external_transactions;
mod group_commit;
mod idempotency;
mod list_only_collections;
mod message_too_large;
mod metrics;
mod model;
mod network_partition;
mod nodes;
mod open_transactions;
mod parts;
mod polling;
mod postgres_crash;
pub(super) mod reconciliation;
mod restored_database;
mod resume;
mod resync;
mod roles_and_replication;
mod slow_clients;
mod sql_edge_cases;
mod triggers;
mod versions;
mod withheld;

pub(crate) use idempotency::{request_id, request_with_id};
