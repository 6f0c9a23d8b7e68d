//! Lists: `where`, `sort`, `limit` and `after` over the columns of a table.
//!
//! A page of identified rows starts after the values of the last row of the previous one. Rows without a key may be
//! equal in all columns, so their pages are counted.

use rowcast_schema::{FieldErrors, Filter, ListRequest, Sort, shortened, suggest};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use serde_json::value::RawValue;

use super::{
    decode::Refusal, definition::Definition, field::Field, filter::wide, sql::column, value_type::ValueType,
};
use crate::{
    condition::SortColumn,
    database::Transaction,
    error::Error,
    query::{Listed, Page, PageBuilder, position_value},
    store,
};

/// A valid list request.
#[derive(Debug)]
pub(super) struct ListQuery {
    conditions: Vec<String>,
    values: Vec<Value>,
    keys: Vec<SortColumn>,
    after: Option<After>,
    limit: u64,
}

/// Where a page starts.
#[derive(Clone, Debug, PartialEq)]
enum After {
    /// After the row with these values of the sort keys.
    Position(Vec<Value>),
    /// After this many rows.
    Count(u64),
}

impl Definition {
    /// Resolves and validates the columns of a request.
    pub(super) fn list_query(
        &self,
        request: &ListRequest,
        mut errors: FieldErrors,
    ) -> Result<ListQuery, Error> {
        let mut values = Vec::new();
        let conditions = match &request.filter {
            Filter::All(all) if all.is_empty() => Vec::new(),
            filter => {
                let resolved = self.resolve(filter, &mut errors);
                vec![self.filter_sql(&resolved, &mut values)]
            }
        };
        let keys = self.sort_keys(&request.sort, &mut errors);
        let after = request.after.as_ref().map(|after| self.decode_after(&keys, after));
        if after == Some(None) {
            errors.insert("after", "is not what a page with this sort gave as next");
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        Ok(ListQuery { conditions, values, keys, after: after.flatten(), limit: request.limit })
    }

    /// The names of the columns that lists filter and sort by.
    pub(super) fn list_columns(&self) -> Vec<&'static str> {
        self.shown().map(|field| field.name).collect()
    }

    /// Those that have an order.
    pub(super) fn sortable_columns(&self) -> Vec<&'static str> {
        self.shown().filter(|field| self.comparable(field).is_some()).map(|field| field.name).collect()
    }

    pub(super) fn find_column(&self, name: &str) -> Result<(usize, &Field), Refusal> {
        let found = self.field(name).filter(|(_, field)| field.shown);
        found.ok_or_else(|| self.not_a_column(suggest(name, self.list_columns())))
    }

    pub(super) fn not_a_column(&self, near: Option<&str>) -> Refusal {
        let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        format!("is not a column of {}{hint}", self.article()).into()
    }

    /// The columns of a sort, and then the key's, or all columns of a table without one.
    pub(super) fn sort_keys(&self, sort: &[Sort], errors: &mut FieldErrors) -> Vec<SortColumn> {
        let mut keys: Vec<SortColumn> = Vec::new();
        for sort in sort {
            let found = self.find_column(&sort.column).and_then(|(at, field)| {
                self.comparable(field).map(|_| at).ok_or_else(|| "has no order to sort by".into())
            });
            match found {
                // A repeated column has no effect.
                Ok(column) if keys.iter().any(|key| key.column == column) => {}
                Ok(column) => keys.push(SortColumn { column, descending: sort.descending }),
                Err(refusal) => {
                    errors.insert("sort", format!("{}: {refusal}", shortened(sort.column.clone(), 120)));
                }
            }
        }
        let all = || (0..self.fields.len()).filter(|at| self.comparable(&self.fields[*at]).is_some());
        let last: Vec<usize> = if self.key.is_empty() { all().collect() } else { self.key.clone() };
        for column in last {
            if !keys.iter().any(|key| key.column == column) {
                keys.push(SortColumn { column, descending: false });
            }
        }
        keys
    }

    /// Opaque to clients, and invalid for any other sort order.
    fn encode_after(&self, keys: &[SortColumn], after: &After) -> Result<String, Error> {
        let unfit = || Error::Internal(format!("a page of {} cannot end here", self.name));
        let cells = match after {
            After::Position(values) => {
                values.iter().map(position_value::encode).collect::<Option<Vec<_>>>().ok_or_else(unfit)?
            }
            After::Count(count) => vec![serde_json::json!(count)],
        };
        Ok(hex::encode(serde_json::json!([self.describe_sort(keys), cells]).to_string().as_bytes()))
    }

    fn decode_after(&self, keys: &[SortColumn], after: &str) -> Option<After> {
        let (sort, cells): (String, Vec<serde_json::Value>) =
            serde_json::from_slice(&hex::decode(after).ok()?).ok()?;
        if sort != self.describe_sort(keys) {
            return None;
        }
        if self.key.is_empty() {
            return cells.first()?.as_u64().filter(|count| *count < u64::from(u32::MAX)).map(After::Count);
        }
        let value = |(key, cell): (&SortColumn, &serde_json::Value)| {
            let value = position_value::decode(cell)?;
            self.accepts(&self.fields[key.column], &value).then_some(value)
        };
        let values: Option<Vec<Value>> = keys.iter().zip(&cells).map(value).collect();
        values.filter(|values| values.len() == keys.len() && cells.len() == keys.len()).map(After::Position)
    }

    /// Whether a value from a client may be compared with a column.
    fn accepts(&self, field: &Field, value: &Value) -> bool {
        match value {
            Value::String(None) => field.nullable,
            Value::String(Some(text)) if self.is_postgres => {
                // Texts of the database are read again, as far as they could be its own.
                let json = serde_json::value::to_raw_value(&**text);
                let decoded = json.ok().map(|json| wide(&field.value_type).decode(&json, true));
                matches!(field.value_type, ValueType::Temporal(_)) && !text.contains('\0')
                    || matches!(decoded, Some(Ok(Some(_))))
                    || text.is_empty() && matches!(field.value_type, ValueType::Text { .. })
            }
            Value::String(Some(_)) | Value::BigInt(Some(_)) | Value::Double(Some(_)) => !self.is_postgres,
            Value::Bytes(Some(_)) => !self.is_postgres,
            _ => false,
        }
    }

    fn describe_sort(&self, keys: &[SortColumn]) -> String {
        let name = |key: &SortColumn| {
            format!("{}{}", if key.descending { "-" } else { "" }, self.fields[key.column].name)
        };
        keys.iter().map(name).collect::<Vec<_>>().join(",")
    }

    /// Reads a page.
    pub(super) async fn list(
        &self,
        db: &Transaction,
        query: &ListQuery,
    ) -> Result<Page<serde_json::Value>, Error> {
        let mut page = PageBuilder::<After>::new(self.name, query.limit);
        let more = loop {
            let wanted = page.wanted();
            let after = page.last().or(query.after.as_ref());
            let mut rows = self.read_list(db, query, after, wanted + 1).await?;
            let more = rows.len() > wanted;
            rows.truncate(wanted);
            if !page.add(rows) {
                break true;
            }
            if !more || page.wanted() == 0 {
                break more;
            }
        };
        page.finish(more, |after| self.encode_after(&query.keys, after))
    }

    async fn read_list(
        &self,
        db: &Transaction,
        query: &ListQuery,
        after: Option<&After>,
        limit: usize,
    ) -> Result<Vec<Listed<After>>, Error> {
        let (mut conditions, mut values) = (query.conditions.clone(), query.values.clone());
        let mut offset = 0;
        match after {
            Some(After::Position(position)) => {
                conditions.push(self.after_position(&query.keys, position, &mut values));
            }
            Some(After::Count(count)) => offset = *count,
            None => {}
        }
        let filter =
            if conditions.is_empty() { String::new() } else { format!("where {}", conditions.join(" and ")) };
        let order = |key: &SortColumn| {
            let expression = self.comparable(&self.fields[key.column]).unwrap_or_default();
            let direction = if key.descending { "desc nulls last" } else { "asc nulls first" };
            format!("{expression} {direction}")
        };
        let order: Vec<String> = query.keys.iter().map(order).collect();
        let order = if order.is_empty() { String::new() } else { format!("order by {}", order.join(", ")) };
        let positions = match self.is_postgres {
            true => query.keys.iter().enumerate().fold(String::new(), |sql, (at, key)| {
                let column = self.comparable(&self.fields[key.column]).unwrap_or_default();
                sql + &format!(", {column}::pg_catalog.text as s{at}")
            }),
            false => String::new(),
        };
        let sql = format!(
            "select {}{positions} from {} {filter} {order} limit {limit} offset {offset}",
            self.selection(),
            self.joined_source(),
        );
        let rows = db.query_all_raw(Statement::from_sql_and_values(self.backend(), sql, values)).await?;
        let listed = |(at, row): (usize, &QueryResult)| {
            let stored = self.stored_row(row)?;
            let position = match self.key.is_empty() {
                true => After::Count(offset + at as u64 + 1),
                false => After::Position(self.position(&query.keys, row)?),
            };
            let key: Box<RawValue> = match &stored.key {
                Some(key) => store::json(&key.named(self.key_columns))?,
                None => store::json(&())?,
            };
            Ok(Listed { position, key, json: stored.json })
        };
        rows.iter().enumerate().map(listed).collect()
    }

    /// The values of the sort keys.
    fn position(&self, keys: &[SortColumn], row: &QueryResult) -> Result<Vec<Value>, Error> {
        let value = |(at, key): (usize, &SortColumn)| match self.is_postgres {
            true => Ok(Value::from(row.try_get::<Option<String>>("", &format!("s{at}"))?)),
            false => {
                let row = row.try_as_proxy_row();
                let value = row.and_then(|row| row.values.get(&format!("c{}", key.column)));
                Ok(value.cloned().unwrap_or(Value::String(None)))
            }
        };
        keys.iter().enumerate().map(value).collect()
    }

    /// Rows after the position with these values: greater in the first key, or equal in it and greater in the second,
    /// and so on.
    fn after_position(&self, keys: &[SortColumn], position: &[Value], values: &mut Vec<Value>) -> String {
        let mut any = Vec::new();
        let mut equal = Vec::new();
        for (key, value) in keys.iter().zip(position) {
            let field = &self.fields[key.column];
            let (own, comparable) = (column(field), self.comparable(field).unwrap_or_default());
            let is_null = matches!(value, Value::String(None));
            let mut comparand = String::new();
            if !is_null {
                values.push(value.clone());
                comparand = self.comparand(field, values.len());
            }
            let further = match (key.descending, is_null) {
                (false, true) => Some(format!("{own} is not null")),
                (false, false) => Some(format!("{comparable} > {comparand}")),
                // Null is the last in descending order: only the next keys can be greater.
                (true, true) => None,
                (true, false) => Some(format!("({comparable} < {comparand} or {own} is null)")),
            };
            if let Some(further) = further {
                any.push(equal.iter().cloned().chain([further]).collect::<Vec<_>>().join(" and "));
            }
            equal.push(match is_null {
                true => format!("{own} is null"),
                false => format!("{comparable} = {comparand}"),
            });
        }
        match any.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("(({}))", any.join(") or (")),
        }
    }
}
