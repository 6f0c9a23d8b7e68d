//! The people who teach classes, and who may sign in.

use api_schema::{Coach, NewCoach, UpdateCoach};
use entity::coach::{ActiveModel, Column, Entity, Model};
use sea_orm::{DbErr, Set};
use serde_json::json;

use rowcast::{
    collection::{Collection, Draft, Edit, given},
    database::Transaction,
    users::Users,
};

/// The people who teach classes, and who may sign in.
pub struct Coaches;

impl Collection for Coaches {
    type Entity = Entity;
    type Row = Coach;
    type New = NewCoach;
    type Update = UpdateCoach;

    const NAME: &'static str = "coach";
    const PLURAL: &'static str = "coaches";
    const ID: Column = Column::Id;
    const VERSION: Column = Column::Version;
    const COLUMNS: &'static [(&'static str, Column)] = &[
        ("name", Column::Name),
        ("age", Column::Age),
        ("picture", Column::Picture),
        ("username", Column::Username),
    ];

    fn create(new: NewCoach) -> Draft<ActiveModel> {
        Draft::new(ActiveModel {
            name: Set(new.name),
            age: Set(new.age),
            picture: Set(new.picture),
            username: Set(new.username.clone()),
            ..Default::default()
        })
        .unique("username", new.username)
    }

    fn update(update: UpdateCoach) -> Edit<ActiveModel> {
        let draft = Draft::new(ActiveModel {
            name: given(update.name),
            age: given(update.age),
            picture: given(update.picture),
            username: given(update.username.clone()),
            ..Default::default()
        })
        .unique("username", update.username.flatten());
        Edit { id: update.id, version: update.version, draft }
    }

    async fn rows(_: &Transaction, models: Vec<Model>) -> Result<Vec<Coach>, DbErr> {
        Ok(models.into_iter().map(row).collect())
    }
}

impl Users for Coaches {
    const USERNAME: Column = Column::Username;
    const PASSWORD_HASH: Column = Column::PasswordHash;
    const DISPLAY_NAME: &'static str = "name";

    fn profile(username: &str) -> serde_json::Value {
        json!({ "name": username, "age": 18, "picture": "https://picsum.photos/seed/coach/400" })
    }
}

/// What the wire shows of a coach: never the password's hash.
fn row(model: Model) -> Coach {
    Coach {
        id: model.id,
        name: model.name,
        age: model.age,
        picture: model.picture,
        username: model.username,
        version: model.version,
    }
}
