//! Moves in an order: what a class works through.

use std::collections::{BTreeSet, HashMap};

use rowcast::{
    Collection, Transaction,
    collection::Embed,
    schema::rules,
    sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set},
    validator::ValidationError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exercise_moves::{ExerciseMove, ExerciseMoves, exercise_move};

/// The most moves that a plan may have.
const MOST_MOVES: usize = 100;

/// A workout plan as clients see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Collection)]
#[collection(
    plural = WorkoutPlans,
    rows = with_moves,
    save_join_rows = save_moves,
    embeds = [Embed {
        collection: "exercise_moves",
        table: "workout_plan_moves",
        row: "workout_plan_id",
        embedded: "exercise_move_id",
    }],
    update = r#"{"difficulty": "hard", "exercise_moves": [{"id": 1}]}"#
)]
pub struct WorkoutPlan {
    /// Given out in order from 1.
    pub id: i64,
    /// What it is called.
    #[collection(
        validate(length(min = 2, max = 40)),
        payload = "2 to 40 characters.",
        example = "Early bird"
    )]
    pub name: String,
    /// How hard it is, in words.
    #[collection(validate(length(min = 2, max = 20)), payload = "2 to 20 characters.", example = "easy")]
    pub difficulty: String,
    /// What to expect.
    #[collection(
        validate(length(min = 10, max = 300)),
        payload = "10 to 300 characters.",
        example = "Wakes up every muscle."
    )]
    pub description: String,
    /// Its moves, in the order they are done; one may come more than once.
    #[collection(
        links = ExerciseMoves,
        validate(custom(function = "some_moves")),
        schema(length(min = 1, max = MOST_MOVES)),
        payload = "1 to 100 ids, in order; repeats are kept.",
        example = r#"[{"id": 1}, {"id": 1}]"#
    )]
    pub exercise_moves: Vec<ExerciseMove>,
    /// Another one whenever the row changes; grows by one with each update made here.
    pub version: i64,
}

/// Which move comes when in a workout plan.
pub mod workout_plan_move {
    use rowcast::sea_orm::{self, entity::prelude::*};

    /// One place in a workout plan. It goes with its plan; a move that stands in a plan stays.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "workout_plan_moves")]
    pub struct Model {
        /// Means nothing to clients.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// The plan.
        pub workout_plan_id: i64,
        /// The move.
        pub exercise_move_id: i64,
        /// From 0; each number once in a plan.
        pub position: i64,
    }

    /// References are kept by the table itself.
    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn some_moves(ids: &[i64]) -> Result<(), ValidationError> {
    match ids.len() {
        0 => Err(rules::violation("must name at least one move")),
        1..=MOST_MOVES => Ok(()),
        _ => Err(rules::violation("must name at most 100 moves")),
    }
}

async fn with_moves(db: &Transaction, plans: Vec<workout_plan::Model>) -> Result<Vec<WorkoutPlan>, DbErr> {
    let mut moves = moves_of(db, plans.iter().map(|plan| plan.id)).await?;
    let row = |plan: workout_plan::Model| WorkoutPlan {
        exercise_moves: moves.remove(&plan.id).unwrap_or_default(),
        id: plan.id,
        name: plan.name,
        difficulty: plan.difficulty,
        description: plan.description,
        version: plan.version,
    };
    Ok(plans.into_iter().map(row).collect())
}

/// Writes the moves of a plan, in the place of those it had.
async fn save_moves(db: &Transaction, plan: i64, moves: Vec<i64>) -> Result<(), DbErr> {
    workout_plan_move::Entity::delete_many()
        .filter(workout_plan_move::Column::WorkoutPlanId.eq(plan))
        .exec(db)
        .await?;
    let link = |(position, id)| workout_plan_move::ActiveModel {
        workout_plan_id: Set(plan),
        exercise_move_id: Set(id),
        position: Set(position),
        ..Default::default()
    };
    let links = (0..).zip(moves).map(link);
    workout_plan_move::Entity::insert_many(links).exec_without_returning(db).await?;
    Ok(())
}

/// The moves of each plan, in their order, repeats kept.
async fn moves_of(
    db: &Transaction,
    plans: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Vec<ExerciseMove>>, DbErr> {
    let links = workout_plan_move::Entity::find()
        .filter(workout_plan_move::Column::WorkoutPlanId.is_in(plans))
        .order_by_asc(workout_plan_move::Column::WorkoutPlanId)
        .order_by_asc(workout_plan_move::Column::Position)
        .all(db)
        .await?;
    let ids: BTreeSet<i64> = links.iter().map(|link| link.exercise_move_id).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut moves: HashMap<i64, ExerciseMove> = HashMap::new();
    // A thousand plans may name more moves than one statement may have values.
    for page in ids.chunks(1000) {
        let page = exercise_move::Column::Id.is_in(page.iter().copied());
        let page = exercise_move::Entity::find().filter(page).all(db).await?;
        moves.extend(page.into_iter().map(|model| (model.id, model.into())));
    }
    let mut found: HashMap<i64, Vec<ExerciseMove>> = HashMap::new();
    for link in links {
        let shown = moves.get(&link.exercise_move_id).cloned();
        found.entry(link.workout_plan_id).or_default().extend(shown);
    }
    Ok(found)
}
