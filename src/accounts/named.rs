//! Coaches by their usernames, however these are spelled.
//!
//! New usernames are kept in the form in which they are compared ([`username`]), so one look by the table's own index
//! finds them. Those from before, and those that other programs write, may be in another form. An index
//! finds those that may: they have letters in upper case, or beyond ASCII.

use api_schema::username;
use entity::coach::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};

use crate::database::Transaction;

/// The coach who signs in with this username. If several count as the same, whose name is spelled just so comes first,
/// then whose name is in the form that is compared, then who has been there longest.
///
/// # Errors
/// What the database says.
pub async fn coach(db: &Transaction, typed: &str) -> Result<Option<Model>, DbErr> {
    let name = username::compared(typed);
    let found = Entity::find().filter(Column::Username.is_in([typed, &*name])).all(db).await?;
    let spelled = |spelling: &str| found.iter().find(|coach| coach.username.as_deref() == Some(spelling));
    if let Some(coach) = spelled(typed).or_else(|| spelled(&name)) {
        return Ok(Some(coach.clone()));
    }
    match alike(db, &name).await?.first() {
        Some((id, _)) => Entity::find_by_id(*id).one(db).await,
        None => Ok(None),
    }
}

/// Ids and usernames that count as this one, which is in the form that is compared, and may be spelled otherwise.
///
/// # Errors
/// What the database says.
pub async fn alike(db: &Transaction, name: &str) -> Result<Vec<(i64, String)>, DbErr> {
    let bytes = match db.get_database_backend() {
        DbBackend::Postgres => "octet_length(username)",
        _ => "length(cast(username as blob))",
    };
    // Word for word what is indexed.
    let is_unusual = format!(
        "(case when lower(username) <> username or length(username) <> {bytes} then 1 else 0 end) = 1"
    );
    let unusual = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Username])
        .filter(Expr::cust(is_unusual))
        .order_by_asc(Column::Id)
        .into_tuple::<(i64, String)>();
    let mut unusual = unusual.all(db).await?;
    unusual.retain(|(_, known)| username::compared(known) == name);
    Ok(unusual)
}
