//! The gym planner, story by story, beyond what every collection gives.

mod forms;
mod greeting;
mod lists;
mod live;
mod requests;
mod rules;
