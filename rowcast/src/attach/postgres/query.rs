//! Queries whose rows are converted to JSON by the server.

use sea_orm::{ConnectionTrait, Value};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    attach::tracked::Tracked,
    catalog::{QualifiedName, rows},
    error::Error,
};

pub(super) async fn query<C: ConnectionTrait, T: DeserializeOwned>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, Error> {
    let sql = format!("select pg_catalog.row_to_json(r)::text as json from ({sql}) r");
    rows::rows(db, &sql, values).await
}

/// A name in two columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Name {
    schema: String,
    table: String,
}

impl From<Name> for QualifiedName {
    fn from(Name { schema, table }: Name) -> Self {
        Self::new(schema, table)
    }
}

/// The names of tracked tables and of their partitions as one value, for [`RELATIONS`].
pub(super) fn relations(tracked: &[Tracked<'_>]) -> Value {
    let tables = tracked.iter().flat_map(|tracked| {
        let partitions = tracked.partitions.iter().map(|partition| &partition.name);
        std::iter::once(&tracked.table.name).chain(partitions)
    });
    let names: Vec<_> = tables.map(|name| [&*name.schema, &*name.name]).collect();
    serde_json::json!(names).to_string().into()
}

/// The tables of [`relations`] in `pg_class`, as `c` with the schema `n`, in their order.
pub(super) const RELATIONS: &str = "
    pg_catalog.json_array_elements($1::pg_catalog.text::pg_catalog.json) with ordinality given(name, at)
    join pg_catalog.pg_namespace n on n.nspname = given.name ->> 0
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = given.name ->> 1";
