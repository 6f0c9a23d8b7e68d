//! The gym planner beyond the contract of every collection.

mod batch;
mod connect;
mod forms;
mod lists;
mod live;
mod requests;
mod validation;
