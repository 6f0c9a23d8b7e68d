//! SeaORM entities: tables and relations, no rules.
//!
//! ```text
//! coaches ◀─ schedules ─▶ workout_plans ◀─ workout_plan_moves ─▶ exercise_moves
//! ```
//!
//! One file per table, in the singular. What may stand in a row is decided in `api-schema` and, for whoever
//! writes past it, in the schema itself. Ids are given out by the database; `version` starts at 1 there. Every number has 64 bits: SQLite knows no
//! others, and a column must read alike on both databases.

pub mod coach;
pub mod exercise_move;
pub mod schedule;
pub mod workout_plan;
pub mod workout_plan_move;
