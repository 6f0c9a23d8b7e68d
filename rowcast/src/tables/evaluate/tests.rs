//! Lists of tables compared with memory, for columns of every type.

mod samples;

use std::sync::Arc;

use rowcast_schema::{FieldErrors, ListRequest};
use sea_orm::{ConnectionTrait, DbBackend};
use serde_json::{Value, json};

use crate::{
    catalog,
    condition::{
        Evaluator,
        agreement::{Agreement, Sample, random_rows},
    },
    database::{Database, Transaction},
    error::Error,
    intern::intern,
    project::Settings,
    tables::{
        collection::{TableCollection, collections},
        definition::Definition,
        embed,
        stored_forms::find_stored_forms,
    },
    test_database::on_both,
};
use samples::{POSTGRES, SQLITE};

/// Runs a test with the table `samples` of both databases.
async fn with_samples(test: impl AsyncFn(&Database, Arc<Definition>, &'static [Sample])) {
    on_both(async |db| {
        let samples = make(db, "samples", "").await;
        test(db, db.read(async |db: &Transaction| definition(db, SETTINGS).await).await.unwrap(), samples)
            .await;
    })
    .await;
}

/// Makes a table with a row for each id, and runs other statements.
async fn make(db: &Database, table: &str, then: &str) -> &'static [Sample] {
    let (samples, before) = match db.node_messages() {
        Some(_) => (POSTGRES, samples::BEFORE_POSTGRES),
        None => (SQLITE, ""),
    };
    let declared = samples.iter().map(|sample| format!("{} {}", sample.name, sample.of));
    let sql = format!(
        "{before} create table {table} (id integer primary key, secret text, {});
        insert into {table} values {}; {then}",
        declared.collect::<Vec<_>>().join(", "),
        random_rows(samples, |id| format!("{id}, 'hidden'"))
    );
    db.write(async move |db: &Transaction| Ok(db.execute_unprepared(&sql).await.map(drop)?)).await.unwrap();
    samples
}

/// The comparison of its lists with memory.
async fn agreement<'d>(
    db: &'d Database,
    definition: Arc<Definition>,
    samples: &'static [Sample],
) -> Agreement<impl AsyncFn(ListRequest, FieldErrors) -> Result<Value, Error> + 'd> {
    let of = definition.clone();
    let rows = db.read(async move |db: &Transaction| of.page(db, None, 1000).await).await.unwrap();
    let rows = rows.into_iter().map(|(_, json)| json).collect();
    Agreement::new(samples, Evaluator::new(definition.clone()), rows, async move |request, errors| {
        let query = Arc::new(definition.list_query(&request, errors)?);
        let of = definition.clone();
        let page = db.read(async move |db: &Transaction| of.list(db, &query).await).await?;
        Ok(serde_json::to_value(page).unwrap())
    })
}

const SETTINGS: &str = "[collections.samples]\nhidden = [\"secret\"]";

async fn definition(db: &Transaction, settings: &str) -> Result<Arc<Definition>, Error> {
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    let schemas = if is_postgres { vec!["public".to_owned()] } else { Vec::new() };
    let catalog = catalog::read(db, &catalog::Options { schemas }).await?;
    let settings = Settings::parse(settings).unwrap();
    let (mut all, _) = collections(&catalog, is_postgres, &settings);
    if !is_postgres {
        find_stored_forms(db, &mut all).await?;
    }
    let notices = embed::resolve(&mut all, &catalog, &settings);
    assert!(notices.is_empty(), "{notices:?}");
    let mut all = all.into_iter();
    Ok(all.find(|TableCollection(definition)| definition.name == "samples").unwrap().0)
}

#[actix_web::test]
async fn each_comparison_of_each_type_selects_the_same_rows() {
    with_samples(async |db, definition, samples| {
        let agreement = agreement(db, definition, samples).await;
        agreement.compare_conditions().await;
        let hidden = json!({ "where": { "secret": "hidden", "mod": { "in": ["x"] } }, "sort": "secret,document,smal" });
        let refused = agreement.agrees(&hidden).await.unwrap_err();
        assert_eq!(json!(refused).as_object().unwrap().len(), 3);
        agreement.expect_no_disagreement();
    })
    .await;
}

#[actix_web::test]
async fn each_type_is_sorted_in_the_same_order() {
    with_samples(async |db, definition, samples| {
        let agreement = agreement(db, definition, samples).await;
        agreement.compare_sorts().await;
        agreement.expect_no_disagreement();
    })
    .await;
}

#[actix_web::test]
async fn random_filters_and_sorts_select_the_same_rows_in_the_same_order() {
    with_samples(async |db, definition, samples| {
        let agreement = agreement(db, definition, samples).await;
        agreement.compare_mixed().await;
        agreement.expect_no_disagreement();
    })
    .await;
}

/// Rows that refer to one of the other table, or to none.
const REFERRING: &str = "
    create table samples (id integer primary key, other_id integer references others);
    insert into samples select id, case when id % 7 = 0 then null else (id * 31) % 60 + 1 end from others;";

#[actix_web::test]
async fn columns_of_embedded_rows_select_the_same_rows() {
    on_both(async |db| {
        let samples = make(db, "others", REFERRING).await;
        let columns: Vec<&str> = samples.iter().map(|sample| sample.name).collect();
        let settings = format!("[collections.samples]\nembed = {{ other = {columns:?} }}");
        let definition =
            db.read(async move |db: &Transaction| definition(db, &settings).await).await.unwrap();
        let embedded =
            |sample: &Sample| Sample { name: intern(&format!("other.{}", sample.name)), ..sample.clone() };
        let embedded: Vec<Sample> = samples.iter().map(embedded).collect();
        let agreement = agreement(db, definition, embedded.leak()).await;
        agreement.compare_conditions().await;
        agreement.compare_mixed().await;
        let unknown =
            json!({ "where": { "other.id": 1, "other.wole": 1, "other": 1, "other.secret": "hidden" } });
        let refused = agreement.agrees(&unknown).await.unwrap_err();
        assert_eq!(
            json!(refused)["where.other.wole"],
            "is not a column of a sample; did you mean other.whole?"
        );
        assert_eq!(json!(refused).as_object().unwrap().len(), 4);
        agreement.expect_no_disagreement();
    })
    .await;
}
