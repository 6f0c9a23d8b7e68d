//! The gym planner, story by story, beyond what every collection gives.

mod connect;
mod forms;
mod lists;
mod live;
mod requests;
mod validation;
