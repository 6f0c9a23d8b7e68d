//! Rows that embed rows of another collection.

use sea_orm::{
    ConnectionTrait, DbErr, ExprTrait,
    sea_query::{Alias, Expr, Func, Query},
};

use super::ids;
use crate::{collection::Embed, database::Transaction};

/// A collection whose rows embed rows of another.
#[derive(Clone, Copy, Debug)]
pub struct ReferencingCollection {
    /// The singular name.
    pub singular: &'static str,
    /// The collection's name.
    pub name: &'static str,
    /// The reference.
    pub embed: Embed,
}

/// The ids of rows that embed any of `targets`, each with the id of the embedded row.
///
/// # Errors
/// [`DbErr`] of the database.
pub async fn rows_embedding(
    db: &Transaction,
    embed: &Embed,
    targets: &[i64],
) -> Result<Vec<(i64, i64)>, DbErr> {
    let (row, embedded) = (Alias::new(embed.row), Alias::new(embed.embedded));
    let query = Query::select()
        .distinct()
        .expr_as(Expr::col(row), Alias::new("row"))
        .expr_as(Expr::col(embedded.clone()), Alias::new("embedded"))
        .from(Alias::new(embed.table))
        .and_where(Expr::col(embedded).is_in(targets.iter().copied()))
        .to_owned();
    let found = db.query_all(&query).await?;
    found.iter().map(|found| Ok((found.try_get("", "row")?, found.try_get("", "embedded")?))).collect()
}

pub(super) async fn count_embedding(db: &Transaction, embed: &Embed, target: i64) -> Result<i64, DbErr> {
    let query = Query::select()
        .expr_as(Func::count_distinct(Expr::col(Alias::new(embed.row))), Alias::new("uses"))
        .from(Alias::new(embed.table))
        .and_where(Expr::col(Alias::new(embed.embedded)).eq(target))
        .to_owned();
    Ok(ids(db, &query, "uses").await?.first().copied().unwrap_or_default())
}
