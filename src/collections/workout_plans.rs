//! Moves in an order: what a class trains.

use std::collections::{BTreeSet, HashMap};

use api_schema::{ExerciseMove, NewWorkoutPlan, UpdateWorkoutPlan, WorkoutPlan};
use entity::{
    exercise_move,
    workout_plan::{ActiveModel, Column, Entity, Model},
    workout_plan_move,
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Set};

use super::{ExerciseMoves, exercise_moves};
use rowcast::{
    collection::{Collection, Draft, Edit, Nested, given},
    database::Transaction,
};

/// Moves in an order: what a class trains.
pub struct WorkoutPlans;

impl Collection for WorkoutPlans {
    type Entity = Entity;
    type Row = WorkoutPlan;
    type New = NewWorkoutPlan;
    type Update = UpdateWorkoutPlan;

    const NAME: &'static str = "workout_plan";
    const PLURAL: &'static str = "workout_plans";
    const ID: Column = Column::Id;
    const VERSION: Column = Column::Version;
    const COLUMNS: &'static [(&'static str, Column)] =
        &[("name", Column::Name), ("difficulty", Column::Difficulty), ("description", Column::Description)];
    const NESTS: &'static [Nested] = &[Nested {
        collection: ExerciseMoves::PLURAL,
        table: "workout_plan_moves",
        row: "workout_plan_id",
        shows: "exercise_move_id",
    }];

    fn create(new: NewWorkoutPlan) -> Draft<ActiveModel> {
        let draft = Draft::new(ActiveModel {
            name: Set(new.name),
            difficulty: Set(new.difficulty),
            description: Set(new.description),
            ..Default::default()
        });
        with_moves(draft, Some(new.exercise_moves))
    }

    fn update(update: UpdateWorkoutPlan) -> Edit<ActiveModel> {
        let draft = Draft::new(ActiveModel {
            name: given(update.name),
            difficulty: given(update.difficulty),
            description: given(update.description),
            ..Default::default()
        });
        let draft = with_moves(draft, update.exercise_moves);
        Edit { id: update.id, version: update.version, draft }
    }

    async fn rows(db: &Transaction, models: Vec<Model>) -> Result<Vec<WorkoutPlan>, DbErr> {
        let mut moves = moves_of(db, models.iter().map(|plan| plan.id)).await?;
        let row = |plan: Model| WorkoutPlan {
            exercise_moves: moves.remove(&plan.id).unwrap_or_default(),
            id: plan.id,
            name: plan.name,
            difficulty: plan.difficulty,
            description: plan.description,
            version: plan.version,
        };
        Ok(models.into_iter().map(row).collect())
    }

    async fn save_links(db: &Transaction, plan: i64, moves: Vec<i64>) -> Result<(), DbErr> {
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
}

/// Every move must exist; each is named by its place, so that a form can show which is wrong.
fn with_moves(draft: Draft<ActiveModel>, moves: Option<Vec<i64>>) -> Draft<ActiveModel> {
    let named = moves.iter().flatten().enumerate();
    let check = |draft: Draft<ActiveModel>, (at, id): (usize, &i64)| {
        draft.refers::<ExerciseMoves>(format!("exercise_moves.{at}.id"), Some(*id))
    };
    named.fold(draft, check).links(moves.clone())
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
        moves.extend(page.into_iter().map(|model| (model.id, exercise_moves::row(model))));
    }
    let mut found: HashMap<i64, Vec<ExerciseMove>> = HashMap::new();
    for link in links {
        let shown = moves.get(&link.exercise_move_id).cloned();
        found.entry(link.workout_plan_id).or_default().extend(shown);
    }
    Ok(found)
}
