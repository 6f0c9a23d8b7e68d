//! The number of rows that meet a condition.

use rowcast_schema::{CountRequest, FieldErrors};
use sea_orm::{ConnectionTrait, Statement, Value};

use super::definition::Definition;
use crate::{database::Transaction, error::Error, query::Counted};

/// A valid request for the number of rows.
#[derive(Debug)]
pub(super) struct CountQuery {
    condition: String,
    values: Vec<Value>,
}

impl Definition {
    /// Resolves and validates the columns of a request.
    pub(super) fn count_query(
        &self,
        request: &CountRequest,
        mut errors: FieldErrors,
    ) -> Result<CountQuery, Error> {
        let mut values = Vec::new();
        let resolved = self.resolve(&request.filter, &mut errors);
        let condition = self.filter_sql(&resolved, &mut values);
        if errors.is_empty() { Ok(CountQuery { condition, values }) } else { Err(Error::Invalid(errors)) }
    }

    /// Counts the rows.
    pub(super) async fn count(&self, db: &Transaction, query: &CountQuery) -> Result<Counted, Error> {
        let (source, condition) = (self.joined_source(), &query.condition);
        let sql = format!("select count(*) as count from {source} where {condition}");
        let ask = Statement::from_sql_and_values(self.backend(), sql, query.values.clone());
        let row = db.query_one_raw(ask).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get("", "count"))?;
        Ok(Counted { count })
    }
}
