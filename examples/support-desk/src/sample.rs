//! A desk at work.

use rowcast::{
    Error,
    sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait},
    seed::Seeding,
    users::PasswordHash,
};

use crate::{agents::agent, customers::customer, tickets::ticket};

/// Two agents, one customer and one ticket, if there is nothing yet.
pub(crate) async fn fill(seeding: &Seeding<'_>) -> Result<bool, Error> {
    let db = seeding.db;
    if customer::Entity::find().count(db).await? + agent::Entity::find().count(db).await? > 0 {
        return Ok(false);
    }
    for (name, username) in [("Sam Rivera", "sam"), ("Robin Berg", "robin")] {
        let row = agent::ActiveModel {
            name: Set(name.into()),
            username: Set(Some(username.into())),
            password_hash: Set(seeding.password_hash(username).map(PasswordHash)),
            ..Default::default()
        };
        agent::Entity::insert(row).exec_without_returning(db).await?;
    }
    let ada = customer::ActiveModel {
        name: Set("Ada Lovelace".into()),
        email: Set("ada@example.com".into()),
        ..Default::default()
    };
    let ada = customer::Entity::insert(ada).exec_with_returning(db).await?;
    let row = ticket::ActiveModel {
        subject: Set("The printer is on fire".into()),
        priority: Set(1),
        customer_id: Set(ada.id),
        ..Default::default()
    };
    ticket::Entity::insert(row).exec_without_returning(db).await?;
    Ok(true)
}
