//! The sample gym: enough to see the planner at work.

use rowcast::{
    Error,
    sea_orm::{EntityTrait, PaginatorTrait, Set},
    seed::Seeding,
    store,
    users::PasswordHash,
};

use crate::collections::{
    coaches::coach,
    exercise_moves::exercise_move,
    schedules::schedule,
    workout_plans::{workout_plan, workout_plan_move},
};

/// Name, age, username.
const COACHES: [(&str, i64, &str); 5] = [
    ("Mara Lindqvist", 34, "mara"),
    ("Teo Okafor", 41, "teo"),
    ("Yuki Tanabe", 29, "yuki"),
    ("Rosa Delgado", 52, "rosa"),
    ("Finn Gallagher", 26, "finn"),
];

/// Name, focus, description.
const MOVES: [(&str, &str, &str); 6] = [
    ("Goblet squat", "Legs", "Hold one weight at the chest, sit down between the heels, and stand up tall."),
    ("Push-up", "Chest", "Hands under the shoulders, body in one line, chest to the floor and back."),
    ("Bent-over row", "Back", "Hinge at the hips, pull the weight to the ribs, and lower it slowly."),
    ("Dead bug", "Core", "On the back, reach out with the opposite arm and leg while the spine stays flat."),
    ("Box step-up", "Legs", "Step onto the box with the whole foot, stand, and step down under control."),
    ("Rope skipping", "Endurance", "Small jumps from the ankles, elbows close, breathing evenly."),
];

/// Name, difficulty, description, moves by their place above.
const PLANS: [(&str, &str, &str, &[usize]); 3] = [
    (
        "First steps",
        "Easy",
        "A gentle round of the whole body for those who are new or coming back.",
        &[0, 1, 3],
    ),
    ("Strong base", "Medium", "Heavier sets for legs and back, with the core in between.", &[0, 2, 3, 4, 0]),
    ("Out of breath", "Hard", "Short rests and quick changes; bring water and a towel.", &[5, 1, 4, 5, 2, 5]),
];

/// Weekdays with six classes each.
const DAYS: [&str; 6] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const HOURS: [&str; 6] = ["700", "900", "1100", "1630", "1800", "1930"];

/// The coaches' usernames.
pub(crate) const USERNAMES: [&str; 5] = ["mara", "teo", "yuki", "rosa", "finn"];

/// Plants 5 coaches, 6 moves, 3 plans and 36 schedules if there are no rows yet; none if there are.
///
/// # Errors
/// What the database says.
pub(crate) async fn fill(seeding: &Seeding<'_>) -> Result<bool, Error> {
    let db = seeding.db;
    let rows = coach::Entity::find().count(db).await?
        + exercise_move::Entity::find().count(db).await?
        + workout_plan::Entity::find().count(db).await?;
    if rows > 0 {
        return Ok(false);
    }
    let mut coaches = Vec::new();
    for (name, age, username) in COACHES {
        let row = coach::ActiveModel {
            name: Set(name.into()),
            age: Set(age),
            picture: Set(format!("https://picsum.photos/seed/{username}/400")),
            username: Set(Some(username.into())),
            password_hash: Set(seeding.password_hash(username).map(PasswordHash)),
            ..Default::default()
        };
        coaches.push(coach::Entity::insert(row).exec_with_returning(db).await?.id);
    }
    let mut moves = Vec::new();
    for (name, focus, description) in MOVES {
        let row = exercise_move::ActiveModel {
            name: Set(name.into()),
            focus: Set(focus.into()),
            description: Set(description.into()),
            video_link: Set(format!("https://example.com/moves/{}", name.to_lowercase().replace(' ', "-"))),
            ..Default::default()
        };
        moves.push(exercise_move::Entity::insert(row).exec_with_returning(db).await?.id);
    }
    let mut plans = Vec::new();
    for (name, difficulty, description, places) in PLANS {
        let row = workout_plan::ActiveModel {
            name: Set(name.into()),
            difficulty: Set(difficulty.into()),
            description: Set(description.into()),
            ..Default::default()
        };
        let plan = workout_plan::Entity::insert(row).exec_with_returning(db).await?.id;
        let link = |(position, place): (i64, &usize)| workout_plan_move::ActiveModel {
            workout_plan_id: Set(plan),
            exercise_move_id: Set(moves[*place]),
            position: Set(position),
            ..Default::default()
        };
        let links = (0..).zip(places).map(link);
        let links = async {
            workout_plan_move::Entity::insert_many(links).exec_without_returning(db).await.map(drop)
        };
        store::join_rows::with_version_held(db, "workout_plans", plan, links).await?;
        plans.push(plan);
    }
    let times = DAYS.iter().flat_map(|day| HOURS.iter().map(move |hour| (*day, *hour)));
    let class = |(n, (day, hour)): (usize, (&str, &str))| schedule::ActiveModel {
        day: Set(day.into()),
        hour: Set(hour.into()),
        coach_id: Set(coaches[n % coaches.len()]),
        workout_plan_id: Set(plans[n % plans.len()]),
        ..Default::default()
    };
    let classes = times.enumerate().map(class);
    schedule::Entity::insert_many(classes).exec_without_returning(db).await?;
    Ok(true)
}
