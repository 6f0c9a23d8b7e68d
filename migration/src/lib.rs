//! How the planner's tables came to be. The engine's own migrations are applied together with these, by name.
//!
//! A migration that has been released is frozen: databases exist that it has made. What must change gets a new one.

mod m20261120_000002_create_coaches;
mod m20261120_000003_create_exercise_moves;
mod m20261120_000004_create_workout_plans;
mod m20261120_000005_create_workout_plan_moves;
mod m20261120_000006_create_schedules;
mod m20261130_000001_guard_versions_of_the_planner;
mod m20261201_000001_users;
mod m20261201_000002_coaches_sign_in;

use rowcast::migration::List;

/// All of them, oldest first.
#[must_use]
pub fn all() -> List {
    vec![
        Box::new(m20261120_000002_create_coaches::Migration),
        Box::new(m20261120_000003_create_exercise_moves::Migration),
        Box::new(m20261120_000004_create_workout_plans::Migration),
        Box::new(m20261120_000005_create_workout_plan_moves::Migration),
        Box::new(m20261120_000006_create_schedules::Migration),
        Box::new(m20261130_000001_guard_versions_of_the_planner::Migration),
        Box::new(m20261201_000001_users::Migration),
        Box::new(m20261201_000002_coaches_sign_in::Migration),
    ]
}
