//! What is done in a class: the building blocks of workout plans.

use api_schema::{ExerciseMove, NewExerciseMove, UpdateExerciseMove};
use entity::exercise_move::{ActiveModel, Column, Entity, Model};
use sea_orm::{DbErr, Set};

use rowcast::{
    collection::{Collection, Draft, Edit, given},
    database::Transaction,
};

/// What is done in a class: the building blocks of workout plans.
pub struct ExerciseMoves;

impl Collection for ExerciseMoves {
    type Entity = Entity;
    type Row = ExerciseMove;
    type New = NewExerciseMove;
    type Update = UpdateExerciseMove;

    const NAME: &'static str = "exercise_move";
    const PLURAL: &'static str = "exercise_moves";
    const ID: Column = Column::Id;
    const VERSION: Column = Column::Version;
    const COLUMNS: &'static [(&'static str, Column)] = &[
        ("name", Column::Name),
        ("focus", Column::Focus),
        ("description", Column::Description),
        ("video_link", Column::VideoLink),
    ];

    fn create(new: NewExerciseMove) -> Draft<ActiveModel> {
        Draft::new(ActiveModel {
            name: Set(new.name),
            focus: Set(new.focus),
            description: Set(new.description),
            video_link: Set(new.video_link),
            ..Default::default()
        })
    }

    fn update(update: UpdateExerciseMove) -> Edit<ActiveModel> {
        let draft = Draft::new(ActiveModel {
            name: given(update.name),
            focus: given(update.focus),
            description: given(update.description),
            video_link: given(update.video_link),
            ..Default::default()
        });
        Edit { id: update.id, version: update.version, draft }
    }

    async fn rows(_: &Transaction, models: Vec<Model>) -> Result<Vec<ExerciseMove>, DbErr> {
        Ok(models.into_iter().map(row).collect())
    }
}

/// What the wire shows of an exercise move.
pub(super) fn row(model: Model) -> ExerciseMove {
    ExerciseMove {
        id: model.id,
        name: model.name,
        focus: model.focus,
        description: model.description,
        video_link: model.video_link,
        version: model.version,
    }
}
