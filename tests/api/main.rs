//! The product from outside: a real server, real sockets, a database for each story.
//!
//! Every story of the planner runs twice, on SQLite and on PostgreSQL. Where PostgreSQL comes from is
//! [`harness::postgres`]'s business.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod accounts;
mod authors;
mod clocks;
mod columns;
mod contract;
mod endpoints;
mod external_writers;
mod faults;
mod harness;
mod hostile;
mod limits;
mod live;
mod planner;
mod products;
mod protocol_examples;
mod refusals;
mod schema;
mod sign_in;
mod web;
