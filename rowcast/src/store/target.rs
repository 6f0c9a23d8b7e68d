//! The description of a write, by which the database maps violated constraints to fields of the payload.

use std::sync::Arc;

use sea_orm::{ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, IdenStatic, Iterable, Value};

use crate::{
    collection::{ActiveModel, Collection, Column},
    database::{Transaction, Verb, WriteTarget},
};

/// Describes the write, to map violated constraints to fields of the payload.
pub(super) fn write_target<C: Collection>(
    db: &Transaction,
    verb: Verb,
    row: Option<&ActiveModel<C>>,
) -> WriteTarget {
    let joined = C::EMBEDS.iter().map(|embed| embed.table).filter(|table| *table != C::NAME);
    // PostgreSQL reports the column itself.
    let row = row.filter(|_| db.get_database_backend() == DbBackend::Sqlite);
    WriteTarget {
        name: C::SINGULAR,
        table: C::NAME,
        tables: std::iter::once(C::NAME).chain(joined).collect(),
        field: Arc::new(field::<C>),
        verb,
        values: row.map(values::<C>).unwrap_or_default(),
    }
}

fn values<C: Collection>(row: &ActiveModel<C>) -> Vec<(&'static str, Value)> {
    let value = |column: Column<C>| match row.get(column) {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some((column.as_str(), value)),
        ActiveValue::NotSet => None,
    };
    Column::<C>::iter().filter_map(value).collect()
}

/// The payload's field for a column, named as by the checks before the write: that of a reference ends with `.id`.
fn field<C: Collection>(table: &str, column: &str) -> Option<String> {
    let embed = C::EMBEDS.iter().find(|embed| embed.table == table && embed.embedded == column);
    if table != C::NAME {
        return embed.map(|embed| embed.collection.to_owned());
    }
    let (name, _) = C::COLUMNS.iter().find(|(_, known)| known.as_str() == column)?;
    Some(embed.map_or_else(|| (*name).to_owned(), |_| format!("{name}.id")))
}
