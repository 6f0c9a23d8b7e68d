//! The definition of a collection: its rows, and the conversion from payloads to rows.
//!
//! A collection provides six events with acks and errors, and snapshots. [`crate::store`] reads and writes its rows,
//! [`crate::live`] sends them.

mod boolean;

use rowcast_schema::Payload;
use schemars::JsonSchema;
use sea_orm::{ActiveValue, DbErr, EntityTrait, IntoActiveModel, ModelTrait, Value};
use serde::Serialize;

pub use boolean::Boolean;

use crate::database::Transaction;

/// The column type of a collection's table.
pub type Column<C> = <<C as Collection>::Entity as EntityTrait>::Column;
/// A row of a collection's table as read.
pub type Model<C> = <<C as Collection>::Entity as EntityTrait>::Model;
/// A row of a collection's table as written.
pub type ActiveModel<C> = <<C as Collection>::Entity as EntityTrait>::ActiveModel;

/// Rows of one type with their rules.
///
/// The table has the name [`NAME`](Self::NAME), a column `id` that counts from 1 and a column `version` that starts at
/// 1. Triggers write its changes to the change log (see [`crate::migration`]).
pub trait Collection: Send + Sync + 'static {
    /// The table.
    type Entity: EntityTrait<
            Model: Send + Sync + IntoActiveModel<<Self::Entity as EntityTrait>::ActiveModel>,
            ActiveModel: Send,
        >;
    /// A row as clients receive it.
    type Row: Serialize + JsonSchema;
    /// The payload of `new_…`.
    type New: Payload + Serialize + JsonSchema + Clone + Send + Sync + 'static;
    /// The payload of `update_…`.
    type Update: Payload + Serialize + JsonSchema + Clone + Send + Sync + 'static;

    /// The singular name, as in `new_member`.
    const SINGULAR: &'static str;
    /// The collection's name, as in `list_members`: also the name of the table and of the snapshot event.
    const NAME: &'static str;
    /// The column `id`.
    const ID: Column<Self>;
    /// The column `version`.
    const VERSION: Column<Self>;
    /// Columns that `list_…` filters and sorts by, besides `id` and `version`: the name on the wire, and the column.
    const COLUMNS: &'static [(&'static str, Column<Self>)];
    /// Columns that are not compared as they are stored.
    const COMPARED: &'static [(&'static str, Comparison)] = &[];
    /// Collections whose rows are embedded in these.
    const EMBEDS: &'static [Embed] = &[];

    /// Whether clients receive its snapshot on connect, and its changes. A collection that is too large for that is
    /// only queried, by `list_…` and `get_…`, and uses no memory. Rows that embed its rows are kept up to date in any
    /// case.
    const LIVE: bool = true;

    /// All columns that `list_…` filters and sorts by.
    fn columns() -> impl Iterator<Item = (&'static str, Column<Self>)> {
        let own = [("id", Self::ID), ("version", Self::VERSION)];
        own.into_iter().chain(Self::COLUMNS.iter().copied())
    }

    /// How a column is compared and sorted, by its name on the wire.
    #[must_use]
    fn comparison(column: &str) -> Comparison {
        let found = Self::COMPARED.iter().find(|(name, _)| *name == column);
        found.map_or(Comparison::AsStored, |(_, comparison)| *comparison)
    }

    /// The row of a `new_…` payload.
    fn create(new: Self::New) -> Changeset<ActiveModel<Self>>;

    /// The changes of an `update_…` payload.
    fn update(update: Self::Update) -> RowUpdate<ActiveModel<Self>>;

    /// Converts rows to the form that clients receive, in the same order, with embedded rows.
    fn rows(
        db: &Transaction,
        models: Vec<Model<Self>>,
    ) -> impl Future<Output = Result<Vec<Self::Row>, DbErr>>;

    /// Replaces the [join rows](Changeset::join_rows) of the row `id`.
    fn save_join_rows(
        db: &Transaction,
        id: i64,
        targets: Vec<i64>,
    ) -> impl Future<Output = Result<(), DbErr>> {
        let _ = (db, id, targets);
        async { Ok(()) }
    }
}

/// The comparison of a column's values, in `where`, in `sort` and from page to page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comparison {
    /// Text by code point, numbers by value.
    #[default]
    AsStored,
    /// Text that contains a whole number, by that number: `900` comes before `1330`. The table's checks enforce the
    /// format.
    AsNumber,
}

/// An embedded reference: `table.row` holds the id of the embedding row, `table.embedded` that of the embedded one.
#[derive(Clone, Copy, Debug)]
pub struct Embed {
    /// The name of the embedded collection.
    pub collection: &'static str,
    /// The table with both columns: the collection's own, or a join table.
    pub table: &'static str,
    /// The column with the id of the embedding row.
    pub row: &'static str,
    /// The column with the id of the embedded row.
    pub embedded: &'static str,
}

/// Values to write, and the constraints that are checked before the write.
#[derive(Clone, Debug)]
pub struct Changeset<A> {
    /// The values of columns.
    pub row: A,
    /// Referenced rows, which must exist.
    pub references: Vec<Reference>,
    /// Values that no other row may have.
    pub unique: Vec<Unique>,
    /// An ordered list of ids in a join table; `None` leaves it unchanged.
    pub join_rows: Option<Vec<i64>>,
}

/// A referenced row, which must exist.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The payload's field, for the error.
    pub field: String,
    /// The singular name of the referenced collection.
    pub name: &'static str,
    /// Its table.
    pub table: &'static str,
    /// The row.
    pub id: i64,
}

/// A value that no other row of the table may have.
#[derive(Clone, Debug)]
pub struct Unique {
    /// The payload's field and the table's column.
    pub field: &'static str,
    /// The value.
    pub value: Value,
}

impl<A> Changeset<A> {
    /// Values without constraints.
    pub fn new(row: A) -> Self {
        Self { row, references: Vec::new(), unique: Vec::new(), join_rows: None }
    }

    /// Requires the row `id` of `C` to exist, if there is an id.
    #[must_use]
    pub fn references<C: Collection>(mut self, field: impl Into<String>, id: Option<i64>) -> Self {
        let reference = |id| Reference { field: field.into(), name: C::SINGULAR, table: C::NAME, id };
        self.references.extend(id.map(reference));
        self
    }

    /// Requires the value to be unique. Null may occur in several rows.
    #[must_use]
    pub fn unique(mut self, field: &'static str, value: Option<impl Into<Value>>) -> Self {
        self.unique.extend(value.map(|value| Unique { field, value: value.into() }));
        self
    }

    /// The same, of rows of `C` that must exist. An error names the place of the missing row in the list.
    #[must_use]
    pub fn join_rows_to<C: Collection>(self, field: &str, targets: Option<Vec<i64>>) -> Self {
        let named = targets.iter().flatten().enumerate();
        let require = |changeset: Self, (at, id): (usize, &i64)| {
            changeset.references::<C>(format!("{field}.{at}.id"), Some(*id))
        };
        named.fold(self, require).join_rows(targets.clone())
    }

    /// Sets the ordered list that [`Collection::save_join_rows`] writes.
    #[must_use]
    pub fn join_rows(mut self, targets: Option<Vec<i64>>) -> Self {
        self.join_rows = targets;
        self
    }
}

/// Changes to one row.
#[derive(Clone, Debug)]
pub struct RowUpdate<A> {
    /// The row's id.
    pub id: i64,
    /// The version that the client last saw, if the update depends on it.
    pub version: Option<i64>,
    /// The changes; columns that are not set keep their values.
    pub changeset: Changeset<A>,
}

/// Sets a column if the payload has a value for it.
pub fn given<V: Into<Value>>(value: Option<V>) -> ActiveValue<V> {
    value.map_or(ActiveValue::NotSet, ActiveValue::Set)
}

/// The id of a row.
pub fn id_of<C: Collection>(model: &Model<C>) -> i64 {
    match model.get(C::ID) {
        Value::BigInt(Some(id)) => id,
        other => unreachable!("an id is an integer, not {other:?}"),
    }
}

/// The version of a row.
pub fn version_of<C: Collection>(model: &Model<C>) -> Option<i64> {
    match model.get(C::VERSION) {
        Value::BigInt(version) => version,
        _ => None,
    }
}
