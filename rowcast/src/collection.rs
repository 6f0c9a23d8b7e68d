//! What a product writes for one collection: how its rows look, and how a payload becomes a row.
//!
//! Everything else follows from it, unasked: the five events, acks, errors, snapshots. [`crate::store`] does the
//! reading and writing, [`crate::live`] the sending.

use rowcast_schema::Payload;
use schemars::JsonSchema;
use sea_orm::{ActiveValue, DbErr, EntityTrait, IntoActiveModel, ModelTrait, Value};
use serde::Serialize;

use crate::database::Transaction;

/// Shorthand for the column type of a collection's table.
pub type Column<C> = <<C as Collection>::Entity as EntityTrait>::Column;
/// Shorthand for a row of a collection's table as it was read.
pub type Model<C> = <<C as Collection>::Entity as EntityTrait>::Model;
/// Shorthand for a row of a collection's table as it is written.
pub type ActiveModel<C> = <<C as Collection>::Entity as EntityTrait>::ActiveModel;

/// Rows of one kind with their rules.
///
/// The table bears the name [`PLURAL`](Self::PLURAL) and has a column `id` that counts from 1 and a column
/// `version` that starts at 1; its changes are watched by the change log (see the `migration` crate).
pub trait Collection: Send + Sync + 'static {
    /// The table.
    type Entity: EntityTrait<
            Model: Send + Sync + IntoActiveModel<<Self::Entity as EntityTrait>::ActiveModel>,
            ActiveModel: Send,
        >;
    /// What clients see of a row.
    type Row: Serialize + JsonSchema;
    /// What `new_…` takes.
    type New: Payload + Serialize + JsonSchema + Clone + Send + Sync + 'static;
    /// What `update_…` takes.
    type Update: Payload + Serialize + JsonSchema + Clone + Send + Sync + 'static;

    /// One row's name, as in `new_member`.
    const NAME: &'static str;
    /// The collection's name, as in `list_members`: the table, and the event its snapshots are sent by.
    const PLURAL: &'static str;
    /// The column `id`.
    const ID: Column<Self>;
    /// The column `version`.
    const VERSION: Column<Self>;
    /// What `list_…` may filter and sort by beside `id` and `version`: the name on the wire, and the column.
    const COLUMNS: &'static [(&'static str, Column<Self>)];
    /// Of these columns, those that are not compared as they are stored.
    const COMPARED: &'static [(&'static str, Comparison)] = &[];
    /// Whose rows are shown within these.
    const NESTS: &'static [Nested] = &[];

    /// Whether clients are sent it: its snapshot on connect, and its changes. A collection that is too large for that is
    /// only listed, by `list_…` and `get_…`, and costs no memory here. What shows its rows is kept up to date all the same.
    const SENT: bool = true;

    /// Everything that `list_…` may filter and sort by.
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

    /// The row that a payload asks for.
    fn create(new: Self::New) -> Draft<ActiveModel<Self>>;

    /// The changes that a payload asks for.
    fn update(update: Self::Update) -> Edit<ActiveModel<Self>>;

    /// What clients see of these rows, in the same order, with what is nested in them.
    fn rows(
        db: &Transaction,
        models: Vec<Model<Self>>,
    ) -> impl Future<Output = Result<Vec<Self::Row>, DbErr>>;

    /// Writes the [links](Draft::links) of the row `id`, replacing those it had.
    fn save_links(db: &Transaction, id: i64, links: Vec<i64>) -> impl Future<Output = Result<(), DbErr>> {
        let _ = (db, id, links);
        async { Ok(()) }
    }
}

/// How the values of a column are compared, in `where`, in `sort` and from page to page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Comparison {
    /// Text by code point, numbers by value.
    #[default]
    AsStored,
    /// Text that spells a whole number, by that number: `900` comes before `1330`. The table sees to it that it does.
    AsNumber,
}

/// That rows of a collection show rows of another: `table.row` holds the id of the one, `table.shows` of the other.
#[derive(Clone, Copy, Debug)]
pub struct Nested {
    /// The other collection, by its plural name.
    pub collection: &'static str,
    /// The table that knows: the collection's own, or one that joins.
    pub table: &'static str,
    /// The column with the id of the row that shows.
    pub row: &'static str,
    /// The column with the id of the row that is shown.
    pub shows: &'static str,
}

/// A row to be written, and what must hold for it.
#[derive(Debug)]
pub struct Draft<A> {
    /// The columns that are given.
    pub row: A,
    /// Rows of other collections that must exist.
    pub references: Vec<Reference>,
    /// Values that no other row may have.
    pub unique: Vec<Unique>,
    /// An ordered list of ids that lives in a table of its own; `None` leaves it as it is.
    pub links: Option<Vec<i64>>,
}

/// A row that must exist.
#[derive(Debug)]
pub struct Reference {
    /// The payload's field, for the error.
    pub field: String,
    /// The singular name of the collection referred to.
    pub name: &'static str,
    /// Its table.
    pub table: &'static str,
    /// The row.
    pub id: i64,
}

/// A value that no other row of the table may have.
#[derive(Debug)]
pub struct Unique {
    /// The payload's field and the table's column.
    pub field: &'static str,
    /// The value.
    pub value: Value,
}

impl<A> Draft<A> {
    /// A row without conditions.
    pub fn new(row: A) -> Self {
        Self { row, references: Vec::new(), unique: Vec::new(), links: None }
    }

    /// The row `id` of `C` must exist; absent ids need nothing.
    #[must_use]
    pub fn refers<C: Collection>(mut self, field: impl Into<String>, id: Option<i64>) -> Self {
        let reference = |id| Reference { field: field.into(), name: C::NAME, table: C::PLURAL, id };
        self.references.extend(id.map(reference));
        self
    }

    /// No other row may have this value; null may stand in many rows.
    #[must_use]
    pub fn unique(mut self, field: &'static str, value: Option<impl Into<Value>>) -> Self {
        self.unique.extend(value.map(|value| Unique { field, value: value.into() }));
        self
    }

    /// The same, of rows of `C` that must exist: each is named by its place, so that a form can show which is wrong.
    #[must_use]
    pub fn links_to<C: Collection>(self, field: &str, links: Option<Vec<i64>>) -> Self {
        let named = links.iter().flatten().enumerate();
        let refer =
            |draft: Self, (at, id): (usize, &i64)| draft.refers::<C>(format!("{field}.{at}.id"), Some(*id));
        named.fold(self, refer).links(links.clone())
    }

    /// The ordered list that [`Collection::save_links`] writes.
    #[must_use]
    pub fn links(mut self, links: Option<Vec<i64>>) -> Self {
        self.links = links;
        self
    }
}

/// Changes to one row.
#[derive(Debug)]
pub struct Edit<A> {
    /// Which row.
    pub id: i64,
    /// The version the client last saw, if the change is to depend on it.
    pub version: Option<i64>,
    /// What changes; columns that are not set stay as they are.
    pub draft: Draft<A>,
}

/// Sets a column if the payload gave a value for it.
pub fn given<V: Into<Value>>(value: Option<V>) -> ActiveValue<V> {
    value.map_or(ActiveValue::NotSet, ActiveValue::Set)
}

/// The id of a row as it was read.
pub fn id_of<C: Collection>(model: &Model<C>) -> i64 {
    match model.get(C::ID) {
        Value::BigInt(Some(id)) => id,
        other => unreachable!("an id is an integer, not {other:?}"),
    }
}
