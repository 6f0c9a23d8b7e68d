//! The classes of a week.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use rowcast::migration::{change_log, ddl};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let hour = match manager.get_database_backend() {
            DbBackend::Sqlite => SQLITE_HOUR,
            _ => POSTGRES_HOUR,
        };
        let table = TABLE.replace("{hour}", hour);
        ddl::execute(manager, &[&table, COACH_INDEX, PLAN_INDEX]).await?;
        change_log::track_changes(manager, "schedules").await
    }
}

const TABLE: &str = "
create table schedules (
    id {id},
    day {text} not null check (
        day in ('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday')
    ),
    hour {text} not null check ({hour}),
    coach_id {i64} not null references coaches (id) on delete restrict,
    workout_plan_id {i64} not null references workout_plans (id) on delete restrict,
    version {i64} not null default 1 check (version >= 1)
) {strict}";

// Without regular expressions: text that survives the way to a number and back has digits only and no leading zeros.
const SQLITE_HOUR: &str = "cast(cast(hour as integer) as text) = hour
        and cast(hour as integer) between 0 and 2359 and cast(hour as integer) % 100 < 60";

const POSTGRES_HOUR: &str = "hour ~ '^([0-9]|[1-5][0-9]|([1-9]|1[0-9]|2[0-3])[0-5][0-9])$'";

const COACH_INDEX: &str = "create index schedules_coach_id on schedules (coach_id)";

const PLAN_INDEX: &str = "create index schedules_workout_plan_id on schedules (workout_plan_id)";
