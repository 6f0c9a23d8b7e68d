//! The product from outside: a real server, real sockets, and a database for each test.
//!
//! Tests of the planner run on SQLite and on PostgreSQL; [`harness::postgres`] provides the latter.
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
mod mistakes;
mod planner;
mod products;
mod protocol_examples;
mod refusals;
mod schema;
mod sign_in;
mod tables;
mod web;
