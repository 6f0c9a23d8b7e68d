//! The planner's collections.

mod coaches;
mod exercise_moves;
mod schedules;
mod workout_plans;

pub use coaches::Coaches;
pub use exercise_moves::ExerciseMoves;
pub use schedules::Schedules;
pub use workout_plans::WorkoutPlans;
