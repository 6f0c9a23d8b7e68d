//! Which rows, in what order, how many.
//!
//! Only the shape is judged here. Which columns there are, and of which type, is for whoever has the rows.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::value::RawValue;
use validator::Validate;

use crate::{
    Form, Payload, Scalar,
    json::{Json, Refusal},
};

const CONDITIONS: usize = 32;
const SORTS: usize = 8;
const IN_VALUES: usize = 100;

/// Which page of rows is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Validate, JsonSchema)]
pub struct ListRequest {
    /// What columns must be like; all of it holds.
    #[schemars(rename = "where", with = "Option<BTreeMap<String, Comparison>>")]
    pub filter: Vec<Condition>,
    /// Column names with commas between, `-` before one for descending; the first counts most, `id` is last of itself.
    #[schemars(with = "Option<String>")]
    pub sort: Vec<Sort>,
    /// 1 to 500; 50 if absent.
    #[schemars(with = "Option<i64>")]
    #[validate(range(min = 1, max = 500))]
    pub limit: u64,
    /// What an earlier page gave as `next`.
    pub after: Option<String>,
}

/// What one column must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// As it was sent; nobody has checked that it exists.
    pub column: String,
    /// How it is compared, and with what.
    pub op: Op,
}

impl Condition {
    /// The field that an error about this condition stands at.
    #[must_use]
    pub fn field(&self) -> String {
        field(&self.column)
    }
}

/// A comparison. Only `Eq` and `Ne` can come with null.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The same.
    Eq(Scalar),
    /// Not the same.
    Ne(Scalar),
    /// Greater.
    Gt(Scalar),
    /// Greater or the same.
    Gte(Scalar),
    /// Less.
    Lt(Scalar),
    /// Less or the same.
    Lte(Scalar),
    /// One of these, 100 at most. Of none nothing is one.
    In(Vec<Scalar>),
    /// With this text somewhere in it.
    Contains(String),
}

/// A column's part of `where`, for the schema: a value that is the column's, or comparisons that all hold.
struct Comparison;

impl JsonSchema for Comparison {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Comparison".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let value = || json_schema!({ "type": ["string", "number"] });
        let nullable = || json_schema!({ "type": ["string", "number", "null"] });
        json_schema!({
            "description": "A value that the column has, or comparisons that all hold.",
            "anyOf": [nullable(), {
                "type": "object",
                "properties": {
                    "eq": nullable(), "ne": nullable(),
                    "gt": value(), "gte": value(), "lt": value(), "lte": value(),
                    "in": { "type": "array", "items": value(), "maxItems": IN_VALUES },
                    "contains": value(),
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
    /// As it was sent; nobody has checked that it exists.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

impl ListRequest {
    /// How many rows come unless something else is said.
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
        // What is below zero breaks the same rule as zero.
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
    if columns.len() > SORTS {
        form.refuse("sort", format!("must name at most {SORTS} columns"));
    }
    let sort = |column: &str| {
        let (column, descending) =
            column.strip_prefix('-').map_or((column, false), |column| (column.trim(), true));
        (!column.is_empty()).then(|| Sort { column: column.to_owned(), descending })
    };
    columns.into_iter().map(sort).collect::<Option<_>>().unwrap_or_else(|| {
        form.refuse("sort", "must be column names with commas between, like name,-age");
        Vec::new()
    })
}

fn filter(form: &mut Form<'_>) -> Vec<Condition> {
    let shape = r#"must be an object, like {"age": {"gte": 18}}"#;
    let columns = match form.raw("where").map_or(Ok(Json::Null), Json::of) {
        Ok(Json::Object(columns)) => columns,
        Ok(Json::Null) => return Vec::new(),
        Ok(_) => {
            form.refuse("where", shape);
            return Vec::new();
        }
        Err(refusal) => {
            form.note("where", &refusal);
            return Vec::new();
        }
    };
    if columns.len() > CONDITIONS {
        form.refuse("where", format!("must name at most {CONDITIONS} columns"));
        return Vec::new();
    }
    let mut filter = Vec::new();
    for (column, raw) in columns {
        match ops(raw) {
            Ok(ops) => {
                filter.extend(ops.into_iter().map(|op| Condition { column: column.clone(), op }));
            }
            Err(refusal) => form.note(&field(&column), &refusal),
        }
    }
    filter
}

fn ops(raw: &RawValue) -> Result<Vec<Op>, Refusal> {
    match Json::of(raw)? {
        Json::Object(ops) if ops.is_empty() => Err(Refusal::here(OPS)),
        Json::Object(ops) => ops.into_iter().map(|(name, operand)| op(&name, operand)).collect(),
        Json::List(_) => Err(Refusal::here("must be one value; for several, use in")),
        _ => Ok(vec![Op::Eq(Scalar::of(raw)?)]),
    }
}

const OPS: &str = "must use eq, ne, gt, gte, lt, lte, in or contains";

fn op(name: &str, operand: &RawValue) -> Result<Op, Refusal> {
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
            Err(sentence) => Err(Refusal::here(sentence)),
        },
        _ => Err(Refusal::here(OPS)),
    }
}

fn ordered(operand: &RawValue) -> Result<Scalar, Refusal> {
    match Scalar::of(operand)? {
        Scalar::Null => Err(Refusal::here("can be compared with null by eq and ne only")),
        scalar => Ok(scalar),
    }
}

fn one_of(operand: &RawValue) -> Result<Vec<Scalar>, Refusal> {
    match Json::of(operand)? {
        Json::List(values) if values.len() > IN_VALUES => {
            Err(Refusal::here("must list at most 100 values for in"))
        }
        Json::List(values) => values.into_iter().map(ordered).collect(),
        _ => Err(Refusal::here("must have a list for in")),
    }
}

fn field(column: &str) -> String {
    format!("where.{column}")
}
