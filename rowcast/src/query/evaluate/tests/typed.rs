//! Columns of the types that PostgreSQL alone has. Programs read them with SeaORM's types.

use rowcast_schema::ById;
use sea_orm::{
    DbErr,
    entity::prelude::*,
    prelude::{ChronoDate, ChronoDateTime, ChronoDateTimeUtc, ChronoTime, Decimal},
};
use serde_json::json;

use super::*;
use crate::{
    collection::{ActiveModel, Changeset, Column as ColumnOf, Model as ModelOf, RowUpdate},
    condition::agreement::sample,
};

mod entity {
    use super::*;

    #[derive(Clone, Debug, PartialEq, EnumIter, DeriveActiveEnum, serde::Serialize)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "mood")]
    pub(super) enum Mood {
        #[sea_orm(string_value = "sad")]
        #[serde(rename = "sad")]
        Sad,
        #[sea_orm(string_value = "ok")]
        #[serde(rename = "ok")]
        Ok,
        #[sea_orm(string_value = "happy")]
        #[serde(rename = "happy")]
        Happy,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "typeds")]
    pub(super) struct Model {
        #[sea_orm(primary_key)]
        pub(super) id: i64,
        pub(super) version: i64,
        pub(super) small: Option<i32>,
        pub(super) single: Option<f32>,
        pub(super) exact: Option<Decimal>,
        pub(super) code: Option<Uuid>,
        pub(super) day: Option<ChronoDate>,
        pub(super) clock: Option<ChronoTime>,
        pub(super) wall: Option<ChronoDateTime>,
        pub(super) at: Option<ChronoDateTimeUtc>,
        pub(super) mood: Option<Mood>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::Column;

struct Typeds;

impl Collection for Typeds {
    type Entity = entity::Entity;
    type Row = serde_json::Value;
    type New = ById;
    type Update = ById;

    const SINGULAR: &'static str = "typed";
    const NAME: &'static str = "typeds";
    const ID: ColumnOf<Self> = Column::Id;
    const VERSION: ColumnOf<Self> = Column::Version;
    const COLUMNS: &'static [(&'static str, ColumnOf<Self>)] = &[
        ("small", Column::Small),
        ("single", Column::Single),
        ("exact", Column::Exact),
        ("code", Column::Code),
        ("day", Column::Day),
        ("clock", Column::Clock),
        ("wall", Column::Wall),
        ("at", Column::At),
        ("mood", Column::Mood),
    ];

    fn create(_: ById) -> Changeset<ActiveModel<Self>> {
        unreachable!("rows are listed only")
    }

    fn update(_: ById) -> RowUpdate<ActiveModel<Self>> {
        unreachable!("rows are listed only")
    }

    async fn rows(_: &Transaction, models: Vec<ModelOf<Self>>) -> Result<Vec<serde_json::Value>, DbErr> {
        let row = |row: entity::Model| {
            json!({
                "id": row.id, "version": row.version, "small": row.small, "single": row.single, "exact": row.exact,
                "code": row.code, "day": row.day, "clock": row.clock, "wall": row.wall, "at": row.at, "mood": row.mood,
            })
        };
        Ok(models.into_iter().map(row).collect())
    }
}

const SAMPLES: &[Sample] = &[
    sample(
        "small",
        "int4",
        &["0", "1", "-2147483648", "2147483647"],
        &["0", "1", "9007199254740991", "-1", "\"x\""],
    ),
    sample(
        "single",
        "real",
        &["0", "0.1", "1.5", "3.4e38", "1e-45"],
        &["0", "0.1", "1.5", "1e300", "1e-300", "\"x\""],
    ),
    sample(
        "exact",
        "numeric",
        &["0", "1.50", "1.5", "9", "10.5", "-0.001", "12345678901234567890.12345678"],
        &["1"],
    ),
    sample(
        "code",
        "uuid",
        &["'0b7e0d4e-7c0a-4f6e-9d0a-1c2b3d4e5f60'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
        &["\"x\""],
    ),
    sample(
        "day",
        "date",
        &["'2026-01-31'", "'2025-12-31'", "'0001-01-01'", "'9999-12-31'"],
        &["\"2026-01-31\""],
    ),
    sample("clock", "time", &["'14:30'", "'14:30:05.1'", "'23:59:59.999999'", "'00:00'"], &["\"14:30\""]),
    sample(
        "wall",
        "timestamp",
        &["'2026-01-31 14:30'", "'2026-01-31 14:30:00.000001'", "'0001-01-01'"],
        &["1"],
    ),
    sample(
        "at",
        "timestamptz",
        &["'2026-01-31 14:30Z'", "'2026-01-31 14:30:00.5+02'", "'0001-01-01Z'"],
        &["1"],
    ),
    sample(
        "mood",
        "mood",
        &["'sad'", "'ok'", "'happy'"],
        &["\"sad\"", "\"ok\"", "\"happy\"", "\"glad\"", "1"],
    ),
];

#[actix_web::test]
async fn types_of_postgres_are_compared_and_sorted_in_the_same_order() {
    on_both(async |db| {
        if !is_postgres(db) {
            return;
        }
        let before = "create type mood as enum ('sad', 'ok', 'happy');";
        let agreement = agreement::<Typeds>(db, SAMPLES, before).await;
        agreement.compare_conditions().await;
        agreement.compare_sorts().await;
        agreement.compare_mixed().await;
        agreement.expect_no_disagreement();
    })
    .await;
}
