//! What whoever runs the server may do to any account, from the command line: beside running servers, or before the
//! first.

use api_schema::{Coach, FieldErrors, NewCoach, UpdateCoach, decode, rules};
use entity::coach::{self, PasswordHash};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{json, value::to_raw_value};

use super::{end_sign_ins, named};
use crate::{
    auth::hash_password,
    collection::Collection,
    collections::{self, Coaches},
    context::Context,
    database::{Database, Transaction},
    error::Error,
    store,
};

const NOBODY: &str = "no coach has this username; rowcast user create makes one who has";

/// A coach to be, as far as that is said.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What everybody calls them.
    pub name: String,
    /// In years.
    pub age: i64,
    /// Address of a portrait.
    pub picture: String,
}

/// Makes a coach who signs in with this username and password.
///
/// # Errors
/// [`Error::Invalid`] for a username that is taken, and whatever else breaks a rule.
pub async fn create(db: &Database, username: &str, profile: Profile, password: &str) -> Result<Coach, Error> {
    let length = password.chars().count() as u64;
    if !(rules::SHORTEST_PASSWORD..=rules::LONGEST_CREDENTIAL).contains(&length) {
        let (least, most) = (rules::SHORTEST_PASSWORD, rules::LONGEST_CREDENTIAL);
        let sentence = format!("must be {least} to {most} characters long");
        return Err(Error::Invalid(FieldErrors::one("password", sentence)));
    }
    let Profile { name, age, picture } = profile;
    let payload = json!({ "name": name, "age": age, "picture": picture, "username": username });
    let payload = to_raw_value(&payload).map_err(|error| Error::Internal(error.to_string()))?;
    let (new, hash) = (decode::<NewCoach>(&payload)?, PasswordHash(hash_password(password)?));
    let create = async move |db: &Transaction| {
        let mut draft = Coaches::create(new.clone());
        draft.row.password_hash = Set(Some(hash.clone()));
        store::insert::<Coaches>(&Context::by_hand(db), draft).await
    };
    Ok(db.write(create).await?.0)
}

/// Gives a coach another username; their sign-ins end.
///
/// # Errors
/// [`Error::Invalid`] when no coach has the one, or somebody the other.
pub async fn rename(db: &Database, username: String, new: &str) -> Result<(), Error> {
    let payload = to_raw_value(&json!({ "id": 0, "username": new }));
    let payload = payload.map_err(|error| Error::Internal(error.to_string()))?;
    let update = decode::<UpdateCoach>(&payload)?;
    let rename = async move |db: &Transaction| {
        let coach = find(db, &username).await?;
        let edit = Coaches::update(UpdateCoach { id: coach.id, ..update.clone() });
        store::update::<Coaches>(&Context::by_hand(db), edit).await?;
        end_sign_ins(db, coach.id, None).await?;
        Ok(())
    };
    db.write(rename).await.map(drop)
}

/// Deletes the coach with this username.
///
/// # Errors
/// [`Error::Invalid`] when no coach has it; [`Error::InUse`].
pub async fn delete(db: &Database, username: String) -> Result<(), Error> {
    let referrers = collections::registry().referrers(Coaches::PLURAL);
    let delete = async move |db: &Transaction| {
        let coach = find(db, &username).await?;
        store::delete::<Coaches>(&Context::by_hand(db), coach.id, &referrers).await
    };
    db.write(delete).await.map(drop)
}

/// Gives the coach with this username a password; the tokens made with the old one are forgotten.
///
/// # Errors
/// [`Error::Invalid`] when no coach has the username.
pub async fn set_password(db: &Database, username: String, password: &str) -> Result<(), Error> {
    let hash = PasswordHash(hash_password(password)?);
    let set = async move |db: &Transaction| {
        let coach = find(db, &username).await?;
        coach::Entity::update_many()
            .set(coach::ActiveModel { password_hash: Set(Some(hash.clone())), ..Default::default() })
            .filter(coach::Column::Id.eq(coach.id))
            .exec(db)
            .await?;
        end_sign_ins(db, coach.id, None).await?;
        Ok(())
    };
    db.write(set).await.map(drop)
}

async fn find(db: &Transaction, username: &str) -> Result<coach::Model, Error> {
    let found = named::coach(db, username).await?;
    found.ok_or_else(|| Error::Invalid(FieldErrors::one("username", NOBODY)))
}
