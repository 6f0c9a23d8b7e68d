//! The payload of `list_…`: filter, sort order, page.
//!
//! Only its form is validated here. The names and types of columns are validated by the server's query.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::value::RawValue;
use validator::Validate;

use crate::{
    Form, Payload, Scalar,
    lenient::{FieldError, Json},
};

const MAX_CONDITIONS: usize = 32;
const MAX_SORT_COLUMNS: usize = 8;
const MAX_IN_VALUES: usize = 100;

/// A request for one page of rows.
#[derive(Clone, Debug, PartialEq, Eq, Validate, JsonSchema)]
pub struct ListRequest {
    /// Conditions on columns, all of which must hold.
    #[schemars(rename = "where", with = "Option<BTreeMap<String, Comparison>>")]
    pub filter: Vec<Condition>,
    /// Column names separated by commas, most significant first; `-` before a name means descending. `id` is always the
    /// last.
    #[schemars(with = "Option<String>")]
    pub sort: Vec<Sort>,
    /// 1 to 500; 50 if absent.
    #[schemars(with = "Option<i64>")]
    #[validate(range(min = 1, max = 500))]
    pub limit: u64,
    /// `next` of the previous page.
    pub after: Option<String>,
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The column's name, not yet validated.
    pub column: String,
    /// The comparison.
    pub op: Op,
}

impl Condition {
    /// The field for an error about this condition.
    #[must_use]
    pub fn field(&self) -> String {
        field(&self.column)
    }
}

/// A comparison. Only `Eq` and `Ne` accept null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq(Scalar),
    /// Not equal.
    Ne(Scalar),
    /// Greater.
    Gt(Scalar),
    /// Greater or equal.
    Gte(Scalar),
    /// Less.
    Lt(Scalar),
    /// Less or equal.
    Lte(Scalar),
    /// Equal to one of these, 100 at most; false for an empty list.
    In(Vec<Scalar>),
    /// Contains this text.
    Contains(String),
}

/// The schema of a column's condition: a value that it equals, or comparisons that all hold.
struct Comparison;

impl JsonSchema for Comparison {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Comparison".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ordered = || json_schema!({ "type": ["string", "number"] });
        let value = || json_schema!({ "type": ["string", "number", "boolean"] });
        let nullable = || json_schema!({ "type": ["string", "number", "boolean", "null"] });
        json_schema!({
            "description": "A value that the column equals, or comparisons that all hold.",
            "anyOf": [nullable(), {
                "type": "object",
                "properties": {
                    "eq": nullable(), "ne": nullable(),
                    "gt": ordered(), "gte": ordered(), "lt": ordered(), "lte": ordered(),
                    "in": { "type": "array", "items": value(), "maxItems": MAX_IN_VALUES },
                    "contains": ordered(),
                },
                "additionalProperties": false,
                "minProperties": 1,
            }],
        })
    }
}

/// A column to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column's name, not yet validated.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

impl ListRequest {
    /// Rows of a page without `limit`.
    pub const DEFAULT_LIMIT: u64 = 50;
}

impl Default for ListRequest {
    fn default() -> Self {
        Self { filter: Vec::new(), sort: Vec::new(), limit: Self::DEFAULT_LIMIT, after: None }
    }
}

impl Payload for ListRequest {
    const NOUN: &'static str = "a list request";
    const EXAMPLE: &'static str = r#"{"where": {"id": {"gte": 1}}, "sort": "-id", "limit": 10}"#;
    const OPTIONAL: bool = true;
    const OTHER_NAMES: &'static [(&'static str, &'static str)] = &[
        ("filter", "where"),
        ("order", "sort"),
        ("order_by", "sort"),
        ("orderBy", "sort"),
        ("first", "limit"),
        ("cursor", "after"),
    ];

    fn read(form: &mut Form<'_>) -> Self {
        Self {
            filter: filter(form),
            sort: sort(form),
            limit: limit(form),
            after: form.nullable_text("after"),
        }
    }
}

fn limit(form: &mut Form<'_>) -> u64 {
    match form.nullable_integer("limit") {
        // A negative limit violates the same rule as zero.
        Some(limit) => u64::try_from(limit).unwrap_or(0),
        None => ListRequest::DEFAULT_LIMIT,
    }
}

fn sort(form: &mut Form<'_>) -> Vec<Sort> {
    let columns = form.nullable_text("sort").unwrap_or_default();
    let columns: Vec<&str> = columns.split(',').map(str::trim).collect();
    if columns == [""] {
        return Vec::new();
    }
    if columns.len() > MAX_SORT_COLUMNS {
        form.add_error("sort", format!("must name at most {MAX_SORT_COLUMNS} columns"));
    }
    let sort = |column: &str| {
        let (column, descending) =
            column.strip_prefix('-').map_or((column, false), |column| (column.trim(), true));
        // A name may contain blanks. SQL is not meant.
        let last = column.rsplit_once(char::is_whitespace).map_or("", |(_, last)| last);
        let is_sql = ["asc", "desc"].iter().any(|word| last.eq_ignore_ascii_case(word));
        (!column.is_empty() && !is_sql).then(|| Sort { column: column.to_owned(), descending })
    };
    columns.into_iter().map(sort).collect::<Option<_>>().unwrap_or_else(|| {
        form.add_error("sort", "must be column names with commas between, like name,-age");
        Vec::new()
    })
}

fn filter(form: &mut Form<'_>) -> Vec<Condition> {
    let shape = r#"must be an object, like {"age": {"gte": 18}}"#;
    let columns = match form.raw("where").map_or(Ok(Json::Null), Json::of) {
        Ok(Json::Object(columns)) => columns,
        Ok(Json::Null) => return Vec::new(),
        Ok(_) => {
            form.add_error("where", shape);
            return Vec::new();
        }
        Err(error) => {
            form.add_field_error("where", &error);
            return Vec::new();
        }
    };
    if columns.len() > MAX_CONDITIONS {
        form.add_error("where", format!("must name at most {MAX_CONDITIONS} columns"));
        return Vec::new();
    }
    let mut filter = Vec::new();
    for (column, raw) in columns {
        match ops(raw) {
            Ok(ops) => {
                filter.extend(ops.into_iter().map(|op| Condition { column: column.clone(), op }));
            }
            Err(error) => form.add_field_error(&field(&column), &error),
        }
    }
    filter
}

fn ops(raw: &RawValue) -> Result<Vec<Op>, FieldError> {
    match Json::of(raw)? {
        Json::Object(ops) if ops.is_empty() => Err(FieldError::new(OPS)),
        Json::Object(ops) => ops.into_iter().map(|(name, operand)| op(&name, operand)).collect(),
        Json::List(_) => Err(FieldError::new("must be one value; for several, use in")),
        _ => Ok(vec![Op::Eq(Scalar::of(raw)?)]),
    }
}

const OPS: &str = "must use eq, ne, gt, gte, lt, lte, in or contains";

fn op(name: &str, operand: &RawValue) -> Result<Op, FieldError> {
    match name {
        "eq" => Scalar::of(operand).map(Op::Eq),
        "ne" => Scalar::of(operand).map(Op::Ne),
        "gt" => ordered(operand).map(Op::Gt),
        "gte" => ordered(operand).map(Op::Gte),
        "lt" => ordered(operand).map(Op::Lt),
        "lte" => ordered(operand).map(Op::Lte),
        "in" => one_of(operand).map(Op::In),
        "contains" => match ordered(operand)?.text() {
            Ok(text) => Ok(Op::Contains(text.into_owned())),
            Err(sentence) => Err(FieldError::new(sentence)),
        },
        "id" => Err(FieldError::new("must be the id alone: 1, not {\"id\": 1}")),
        _ => Err(FieldError::new(OPS)),
    }
}

fn ordered(operand: &RawValue) -> Result<Scalar, FieldError> {
    match Scalar::of(operand)? {
        Scalar::Null => Err(FieldError::new("can be compared with null by eq and ne only")),
        scalar => Ok(scalar),
    }
}

fn one_of(operand: &RawValue) -> Result<Vec<Scalar>, FieldError> {
    match Json::of(operand)? {
        Json::List(values) if values.len() > MAX_IN_VALUES => {
            Err(FieldError::new("must list at most 100 values for in"))
        }
        Json::List(values) => values.into_iter().map(ordered).collect(),
        _ => Err(FieldError::new("must have a list for in")),
    }
}

fn field(column: &str) -> String {
    format!("where.{column}")
}
