//! Whether sample coaches still have the passwords that everybody knows, where they must not.

use entity::coach::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{COACHES, well_known};
use crate::{
    auth,
    database::{Database, Transaction},
};

/// Warns, with the usernames and what to do. That is beside the start, one hash after the other: each costs as much as a
/// sign-in, and there are as many as there are sample coaches.
pub async fn warn_of_known_passwords(db: Database) {
    let find = async move |db: &Transaction| {
        let sample = Column::Username.is_in(COACHES.map(|(_, _, username)| username));
        Ok(Entity::find().filter(sample).order_by_asc(Column::Id).all(db).await?)
    };
    let coaches = match db.read(find).await {
        Ok(coaches) => coaches,
        Err(error) => return tracing::warn!(%error, "sample passwords could not be looked for"),
    };
    let found = tokio::task::spawn_blocking(move || coaches.into_iter().filter_map(known).collect());
    let usernames: Vec<String> = found.await.unwrap_or_default();
    if let Some(first) = usernames.first() {
        let command = format!("rowcast user set-password {first}");
        let usernames = usernames.join(", ");
        tracing::warn!(
            usernames,
            command,
            "sample coaches have passwords that everybody knows: set others, or delete them"
        );
    }
}

fn known(coach: Model) -> Option<String> {
    let (username, hash) = (coach.username?, coach.password_hash?);
    auth::is_password(&well_known(&username), hash.as_str()).then_some(username)
}
