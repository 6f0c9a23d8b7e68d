//! Rows of the catalog's queries.

use sea_orm::{ConnectionTrait, Statement, Value};
use serde::de::DeserializeOwned;

use crate::error::Error;

/// The rows of a query that returns each as JSON in the column `json`. Neither database then needs a conversion for
/// each of its types and lists.
pub(crate) async fn rows<C: ConnectionTrait, T: DeserializeOwned>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, Error> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let read = |row: &sea_orm::QueryResult| {
        let json: String = row.try_get("", "json")?;
        serde_json::from_str(&json).map_err(|error| Error::Internal(format!("a row of a catalog: {error}")))
    };
    db.query_all_raw(statement).await?.iter().map(read).collect()
}
