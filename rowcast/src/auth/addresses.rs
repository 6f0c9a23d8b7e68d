//! The addresses from which each user has signed in. Failures from other addresses do not lock a user out there.

use crate::entity::user_address::{ActiveModel, Column, Entity};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::OnConflict,
};

use crate::database::Transaction;

/// Addresses stored for each user, most recently used first.
const MAX_ADDRESSES: u64 = 16;

/// Whether the user has signed in from this address.
pub(super) async fn is_known(db: &Transaction, user: i64, address: &str) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id((user, address.to_owned())).count(db).await? > 0)
}

/// Stores that the user has signed in from this address now.
pub(super) async fn remember(db: &Transaction, user: i64, address: &str, now: i64) -> Result<(), DbErr> {
    let row = ActiveModel { user_id: Set(user), address: Set(address.to_owned()), at: Set(now) };
    let upsert = OnConflict::columns([Column::UserId, Column::Address]).update_column(Column::At).to_owned();
    Entity::insert(row).on_conflict(upsert).exec_without_returning(db).await?;
    let surplus = Entity::find()
        .filter(Column::UserId.eq(user))
        .order_by_desc(Column::At)
        .offset(MAX_ADDRESSES)
        .limit(1);
    let Some(oldest) = surplus.one(db).await? else { return Ok(()) };
    let of_user = Entity::delete_many().filter(Column::UserId.eq(user));
    let forgotten = of_user.filter(Column::At.lte(oldest.at)).filter(Column::Address.ne(address));
    forgotten.exec(db).await.map(drop)
}
