//! From where each coach has signed in: whoever tries again from there is not kept out by strangers' failures.

use entity::known_address::{ActiveModel, Column, Entity};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::OnConflict,
};

use crate::database::Transaction;

/// Addresses that are remembered for one coach: those used last.
const MOST: u64 = 16;

/// Whether this coach has signed in from there.
pub(super) async fn is_known(db: &Transaction, coach: i64, address: &str) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id((coach, address.to_owned())).count(db).await? > 0)
}

/// Remembers that this coach has signed in from there now.
pub(super) async fn remember(db: &Transaction, coach: i64, address: &str, now: i64) -> Result<(), DbErr> {
    let row = ActiveModel { coach_id: Set(coach), address: Set(address.to_owned()), at: Set(now) };
    let again = OnConflict::columns([Column::CoachId, Column::Address]).update_column(Column::At).to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
    let kept =
        Entity::find().filter(Column::CoachId.eq(coach)).order_by_desc(Column::At).offset(MOST).limit(1);
    let Some(oldest) = kept.one(db).await? else { return Ok(()) };
    let of_coach = Entity::delete_many().filter(Column::CoachId.eq(coach));
    let forgotten = of_coach.filter(Column::At.lte(oldest.at)).filter(Column::Address.ne(address));
    forgotten.exec(db).await.map(drop)
}
