//! The registry: what this product is made of. A new collection is one line here.

mod coaches;
mod exercise_moves;
mod schedules;
mod workout_plans;

pub use coaches::{Coaches, row as coach_row};
pub use exercise_moves::ExerciseMoves;
pub use schedules::Schedules;
pub use workout_plans::WorkoutPlans;

use crate::registry::Registry;

/// All collections, in the order in which a client that connects is sent them.
#[must_use]
pub fn registry() -> Registry {
    Registry::builder()
        .with::<Coaches>()
        .with::<WorkoutPlans>()
        .with::<ExerciseMoves>()
        .with::<Schedules>()
        // The spelling of the front end that this planner grew up with.
        .alias("new_exercise_moves", "new_exercise_move")
        .build()
}
