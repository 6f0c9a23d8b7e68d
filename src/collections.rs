//! The planner's collections, one file each.

pub mod coaches;
pub mod exercise_moves;
pub mod schedules;
pub mod workout_plans;

pub use coaches::{Coach, Coaches, NewCoach, UpdateCoach};
pub use exercise_moves::{ExerciseMove, ExerciseMoves, NewExerciseMove, UpdateExerciseMove};
pub use schedules::{NewSchedule, Schedule, Schedules, UpdateSchedule};
pub use workout_plans::{NewWorkoutPlan, UpdateWorkoutPlan, WorkoutPlan, WorkoutPlans};
