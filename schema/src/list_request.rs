//! The payload of `list_…`: filter, sort order, page.
//!
//! Only its form is validated here. The names and types of columns are validated by the server's query.

use schemars::JsonSchema;
use serde_json::value::RawValue;
use validator::Validate;

use crate::{
    FieldErrors, Form, Payload, PayloadError,
    filter::{Filter, FilterSchema},
    payload,
};

const MAX_SORT_COLUMNS: usize = 8;

/// A request for one page of rows.
#[derive(Clone, Debug, PartialEq, Eq, Validate, JsonSchema)]
pub struct ListRequest {
    /// Conditions on columns, all of which must hold.
    #[schemars(rename = "where", with = "Option<FilterSchema>")]
    pub filter: Filter,
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

    /// Decodes a payload as [`read`](crate::read()) does. The sentences of errors have these columns in their examples.
    ///
    /// # Errors
    /// [`PayloadError::Payload`] when the payload is no object.
    pub fn read_for(payload: &RawValue, columns: &[&str]) -> Result<(Self, FieldErrors), PayloadError> {
        payload::read_by(payload, |form| Self::read_with(form, columns))
    }

    fn read_with(form: &mut Form<'_>, columns: &[&str]) -> Self {
        Self {
            filter: Filter::read(form, "where", columns.first().unwrap_or(&"id")),
            sort: sort(form, columns),
            limit: limit(form),
            after: form.nullable_text("after"),
        }
    }
}

impl Default for ListRequest {
    fn default() -> Self {
        Self { filter: Filter::default(), sort: Vec::new(), limit: Self::DEFAULT_LIMIT, after: None }
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
        Self::read_with(form, &[])
    }
}

fn limit(form: &mut Form<'_>) -> u64 {
    match form.nullable_integer("limit") {
        // A negative limit violates the same rule as zero.
        Some(limit) => u64::try_from(limit).unwrap_or(0),
        None => ListRequest::DEFAULT_LIMIT,
    }
}

fn sort(form: &mut Form<'_>, known: &[&str]) -> Vec<Sort> {
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
        let example = match known {
            [first, second, ..] => format!("{first},-{second}"),
            [only] => format!("-{only}"),
            [] => "-id".to_owned(),
        };
        form.add_error("sort", format!("must be column names with commas between, like {example}"));
        Vec::new()
    })
}
