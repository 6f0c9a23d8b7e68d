//! Columns of the types that both databases have.

use schemars::JsonSchema;
use sea_orm::DbErr;
use serde::Serialize;

use super::*;
use crate::{Collection, condition::agreement::sample};

/// A row with a column of each type.
#[derive(Clone, Debug, Serialize, JsonSchema, Collection)]
#[collection(plural = Plains, rows = with_owner)]
pub(super) struct Plain {
    pub(super) id: i64,
    #[collection(example = 1)]
    pub(super) whole: Option<i64>,
    #[collection(example = 1.5)]
    pub(super) real: Option<f64>,
    #[collection(example = "a")]
    pub(super) name: Option<String>,
    #[collection(as_number, example = "900")]
    pub(super) hour: Option<String>,
    #[collection(example = true)]
    pub(super) done: Option<bool>,
    /// Shown as an object.
    #[collection(references = Plains, column = owner_id)]
    pub(super) owner: Option<Owner>,
    pub(super) version: i64,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Owner {
    pub(super) id: i64,
    name: &'static str,
}

async fn with_owner(_: &Transaction, rows: Vec<plain::Model>) -> Result<Vec<Plain>, DbErr> {
    let row = |row: plain::Model| Plain {
        id: row.id,
        whole: row.whole,
        real: row.real,
        name: row.name,
        hour: row.hour,
        done: row.done.map(Into::into),
        owner: row.owner_id.map(|id| Owner { id, name: "Ada" }),
        version: row.version,
    };
    Ok(rows.into_iter().map(row).collect())
}

const SAMPLES: &[Sample] = &[
    sample(
        "whole",
        "integer",
        &["0", "1", "-1", "9007199254740991", "9223372036854775807", "-9223372036854775808"],
        &["0", "\"1\"", "1.0", "1.5", "9007199254740991", "9007199254740993", "\"x\"", "true"],
    ),
    sample(
        "real",
        "double precision",
        &["0", "0.1", "1.5", "-0.001", "1e100", "5e-324", "1.7976931348623157e308", "16777217"],
        &["0", "0.1", "\"1.5\"", "-0.001", "1e100", "5e-324", "16777217", "\"x\"", "true"],
    ),
    sample(
        "name",
        "text {C}",
        &["''", "'a'", "'A'", "'B'", "'ä'", "' a'", "'a '", "'Grace_%'", "'\u{fffd}'", "'𐀀'", "'0'", "'1.5'"],
        &[
            "\"\"",
            "\"a\"",
            "\"A\"",
            "\"ce_%\"",
            "\"Grace\"",
            "\"ä\"",
            "\"a \"",
            "\"\u{fffd}\"",
            "\"𐀀\"",
            "0",
            "1.50",
            "true",
        ],
    ),
    sample(
        "hour",
        "text {C}",
        &["'0'", "'900'", "'1330'", "'90'", "'2359'"],
        &["0", "\"900\"", "\"0900\"", "1330", "\"9\"", "\"x\""],
    ),
    sample("done", "boolean", &["true", "false"], &["true", "false", "1", "\"on\"", "\"x\""]),
    sample("owner", "integer", &["1", "2", "10"], &["1", "\"2\"", "3", "\"x\""]),
];

async fn plains(db: &Database) -> Agreement<impl AsyncFn(ListRequest, FieldErrors) -> Result<Value, Error>> {
    agreement::<Plains>(db, SAMPLES, "").await
}

#[actix_web::test]
async fn each_comparison_of_each_type_selects_the_same_rows() {
    on_both(async |db| {
        let agreement = plains(db).await;
        agreement.compare_conditions().await;
        agreement.compare_sorts().await;
        agreement.expect_no_disagreement();
    })
    .await;
}

#[actix_web::test]
async fn random_filters_and_sorts_select_the_same_rows_in_the_same_order() {
    on_both(async |db| {
        let agreement = plains(db).await;
        agreement.compare_mixed().await;
        agreement.expect_no_disagreement();
    })
    .await;
}
