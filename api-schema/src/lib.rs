//! The planner's rows and payloads, and their rules. One file holds all there is to know here about a collection.

mod coach;
mod exercise_move;
mod schedule;
mod workout_plan;

pub use coach::{Coach, NewCoach, UpdateCoach};
pub use exercise_move::{ExerciseMove, NewExerciseMove, UpdateExerciseMove};
pub use schedule::{CoachRef, NewSchedule, Schedule, UpdateSchedule, WorkoutPlanRef};
pub use workout_plan::{NewWorkoutPlan, UpdateWorkoutPlan, WorkoutPlan};
