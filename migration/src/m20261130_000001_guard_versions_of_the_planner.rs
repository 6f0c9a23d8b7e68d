//! Versions that move whenever a row of the planner does, whichever program writes.

use sea_orm_migration::prelude::*;

use rowcast::migration::versions;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["coaches", "exercise_moves", "workout_plans", "schedules"] {
            versions::guard(manager, table).await?;
        }
        versions::guard_join_table(manager, "workout_plan_moves", "workout_plans", "workout_plan_id").await
    }
}
