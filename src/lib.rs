//! The gym planner: a product made with Rowcast.

pub mod collections;
mod sample;

use rowcast::{Product, Rowcast};

use collections::{Coaches, ExerciseMoves, Schedules, WorkoutPlans};

/// What the planner is made of. A new collection is one line here; clients that connect are sent collections in this order.
#[must_use]
pub fn rowcast() -> Rowcast {
    Rowcast::new("planner")
        .migrations(migration::all)
        .collection::<Coaches>()
        .collection::<WorkoutPlans>()
        .collection::<ExerciseMoves>()
        .collection::<Schedules>()
        // The spelling of the front end that this planner grew up with.
        .alias("new_exercise_moves", "new_exercise_move")
        .users::<Coaches>()
        .seed(&sample::USERNAMES, sample::fill)
        .web("web/dist")
}

/// The planner, put together.
#[must_use]
pub fn product() -> Product {
    rowcast().build()
}
