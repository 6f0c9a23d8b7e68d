//! Which move comes when in a workout plan.

use sea_orm_migration::prelude::*;

use rowcast::migration::{change_log, ddl};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::execute(manager, &[TABLE, MOVE_INDEX]).await?;
        change_log::track_changes_of(manager, "workout_plan_moves", "workout_plans", "workout_plan_id").await
    }
}

const TABLE: &str = "
create table workout_plan_moves (
    id {id},
    workout_plan_id {i64} not null references workout_plans (id) on delete cascade,
    exercise_move_id {i64} not null references exercise_moves (id) on delete restrict,
    position {i64} not null check (position >= 0),
    unique (workout_plan_id, position)
) {strict}";

// The unique constraint is an index on the plan already.
const MOVE_INDEX: &str =
    "create index workout_plan_moves_exercise_move_id on workout_plan_moves (exercise_move_id)";
