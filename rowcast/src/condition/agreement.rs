//! Comparison of lists of a database with the same conditions and sorts in memory.

use std::{cell::RefCell, cmp::Ordering};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rowcast_schema::{FieldErrors, ListRequest};
use serde_json::{Value, json, value::RawValue};

use super::Evaluator;
use crate::error::Error;

/// A column with extreme values.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    /// Its type in SQL.
    pub(crate) of: &'static str,
    /// Values of rows, in SQL.
    pub(crate) stored: Texts,
    /// Values of clients, in JSON.
    pub(crate) asked: Texts,
}

pub(crate) type Texts = &'static [&'static str];

pub(crate) const fn sample(name: &'static str, of: &'static str, stored: Texts, asked: Texts) -> Sample {
    Sample { name, of, stored, asked }
}

/// The rows of a table, more than a list reads at a time.
pub(crate) const ROWS: usize = 60;
/// The random filters and sorts of several columns.
const MIXED: usize = 250;
/// The disagreements that a failed test shows.
const SHOWN: usize = 20;

/// The values of all rows in SQL, after those of each row's id. Each row has a value of each column, or null.
pub(crate) fn random_rows(samples: &[Sample], first: impl Fn(usize) -> String) -> String {
    let mut random = runner();
    let mut value = |sample: &Sample| {
        let nulls = usize::from(!sample.of.contains("not null"));
        let at = (0..sample.stored.len() + nulls).new_tree(&mut random).unwrap().current();
        sample.stored.get(at).map_or_else(|| "null".to_owned(), |value| (*value).to_owned())
    };
    let mut row = |id| {
        let values: Vec<String> = samples.iter().map(&mut value).collect();
        format!("({}, {})", first(id), values.join(", "))
    };
    (1..=ROWS).map(&mut row).collect::<Vec<_>>().join(",\n")
}

/// The same in every run.
fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]))
}

/// A table with rows, in the database and in memory.
pub(crate) struct Agreement<L> {
    samples: &'static [Sample],
    evaluator: Evaluator,
    rows: Vec<Box<RawValue>>,
    list: L,
    disagreements: RefCell<Vec<String>>,
}

impl<L: AsyncFn(ListRequest, FieldErrors) -> Result<Value, Error>> Agreement<L> {
    /// All rows, and a list of the database: a page as JSON.
    pub(crate) fn new(
        samples: &'static [Sample],
        evaluator: Evaluator,
        rows: Vec<Box<RawValue>>,
        list: L,
    ) -> Self {
        assert_eq!(rows.len(), ROWS);
        Self { samples, evaluator, rows, list, disagreements: RefCell::default() }
    }

    /// Compares each comparison of each column with each value.
    pub(crate) async fn compare_conditions(&self) {
        for Sample { name, asked, .. } in self.samples {
            let (mut conditions, mut accepted) = (Vec::new(), 0);
            for value in asked.iter().copied().map(parsed) {
                conditions.extend(OPS.iter().map(|op| json!({ *op: value })));
                conditions.push(json!({ "in": [value, asked.first().copied().map(parsed)] }));
            }
            for op in ["contains", "starts_with", "has"] {
                for value in asked.iter().copied().map(parsed) {
                    let payload = json!({ "where": { *name: { op: value } }, "limit": 500 });
                    match self.agrees(&payload).await {
                        Ok(_) => accepted += 1,
                        // Of a column without text or lists, all values are refused.
                        Err(_) => break,
                    }
                }
            }
            conditions.extend([
                json!(null),
                json!({ "is_null": false }),
                json!({ "ne": null }),
                json!({ "in": [] }),
            ]);
            for condition in conditions {
                let payload = json!({ "where": { *name: condition }, "limit": 500 });
                accepted += usize::from(self.agrees(&payload).await.is_ok());
            }
            assert!(accepted >= 3, "nothing is compared with {name}");
        }
    }

    /// Compares the sorts by each column.
    pub(crate) async fn compare_sorts(&self) {
        for Sample { name, .. } in self.samples {
            for sort in [(*name).to_owned(), format!("-{name}")] {
                let ids = self.agrees(&json!({ "sort": sort, "limit": 500 })).await;
                assert!(ids.is_err() || ids.is_ok_and(|ids| ids.len() == ROWS), "{sort}");
            }
        }
    }

    /// Compares filters and sorts of several columns. A filter and its negation select all rows together.
    pub(crate) async fn compare_mixed(&self) {
        let (mut random, mut accepted) = (runner(), 0);
        for _ in 0..MIXED {
            let filter = filter(self.samples).new_tree(&mut random).unwrap().current();
            let sort = sort(self.samples).new_tree(&mut random).unwrap().current();
            let payload = json!({ "where": filter, "sort": sort, "limit": 500 });
            if let Ok(ids) = self.agrees(&payload).await {
                let negated = json!({ "where": { "not": filter }, "limit": 500 });
                let others = self.agrees(&negated).await.unwrap_or_default();
                assert_eq!(ids.len() + others.len(), ROWS, "{payload}");
                accepted += 1;
            }
        }
        assert!(accepted > MIXED / 5, "only {accepted} are accepted");
    }

    /// The ids of the database's list, all of its pages.
    async fn listed(&self, payload: &Value) -> Result<Vec<Value>, Error> {
        let (mut ids, mut payload) = (Vec::new(), payload.clone());
        loop {
            let raw = serde_json::value::to_raw_value(&payload).unwrap();
            let (request, errors) = rowcast_schema::read::<ListRequest>(&raw).unwrap();
            let page = (self.list)(request, errors).await?;
            ids.extend(page["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()));
            match page["next"].clone() {
                Value::Null => return Ok(ids),
                next => payload["after"] = next,
            }
        }
    }

    /// The same in memory.
    fn evaluated(&self, payload: &Value) -> Result<Vec<Value>, FieldErrors> {
        let raw = serde_json::value::to_raw_value(payload).unwrap();
        let (request, mut errors) = rowcast_schema::read::<ListRequest>(&raw).unwrap();
        let predicate = self.evaluator.predicate(&request.filter, &mut errors);
        let order = self.evaluator.order(&request.sort, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let rows = self.rows.iter().map(|json| (self.evaluator.row(json), json));
        let chosen = rows.filter(|(row, _)| predicate.matches(row));
        let mut chosen: Vec<_> = chosen.map(|(row, json)| (order.position(&row), json)).collect();
        chosen.sort_by(|(one, _), (other, _)| match order.compare(one, other) {
            Ordering::Equal => panic!("{payload}: two rows have one place"),
            other => other,
        });
        let id = |json: &RawValue| serde_json::from_str::<Value>(json.get()).unwrap()["id"].clone();
        Ok(chosen.into_iter().map(|(_, json)| id(json)).collect())
    }

    /// The ids or errors in memory, after a comparison with the database.
    pub(crate) async fn agrees(&self, payload: &Value) -> Result<Vec<Value>, FieldErrors> {
        let evaluated = self.evaluated(payload);
        let listed = match self.listed(payload).await {
            Ok(ids) => Ok(ids),
            Err(Error::Invalid(errors)) => Err(errors),
            Err(error) => {
                self.disagreements.borrow_mut().push(format!("{payload}: {error:?}"));
                return evaluated;
            }
        };
        if listed != evaluated {
            let has =
                |ids: &Result<Vec<Value>, FieldErrors>, id| ids.as_ref().is_ok_and(|ids| ids.contains(&id));
            let id = |row: &RawValue| serde_json::from_str::<Value>(row.get()).unwrap()["id"].clone();
            let differs = |row: &&RawValue| has(&listed, id(row)) != has(&evaluated, id(row));
            let row = self.rows.iter().map(AsRef::as_ref).find(differs);
            self.disagreements.borrow_mut().push(format!(
                "{payload}\n the database has {listed:?}\n memory has       {evaluated:?}\n of the rows that differ: {row:?}"
            ));
        }
        evaluated
    }

    pub(crate) fn expect_no_disagreement(self) {
        let found = self.disagreements.into_inner();
        let shown = &found[..found.len().min(SHOWN)];
        assert!(found.is_empty(), "{} disagreements:\n{}", found.len(), shown.join("\n"));
    }
}

const OPS: [&str; 6] = ["eq", "ne", "gt", "gte", "lt", "lte"];

/// A condition of one column, also one that is refused.
fn condition(samples: &'static [Sample]) -> impl Strategy<Value = Value> {
    prop::sample::select(samples).prop_flat_map(|sample| {
        let name = sample.name;
        let value = || prop::sample::select(sample.asked).prop_map(parsed);
        prop_oneof![
            6 => (prop::sample::select(&OPS[..]), value()).prop_map(move |(op, value)| json!({ name: { op: value } })),
            2 => prop::collection::vec(value(), 0..4).prop_map(move |values| json!({ name: { "in": values } })),
            1 => any::<bool>().prop_map(move |is_null| json!({ name: { "is_null": is_null } })),
            1 => Just(json!({ name: null })),
            1 => value().prop_map(move |value| json!({ name: { "contains": value } })),
            1 => value().prop_map(move |value| json!({ name: { "starts_with": value } })),
            1 => value().prop_map(move |value| json!({ name: { "has": value } })),
        ]
    })
}

fn filter(samples: &'static [Sample]) -> impl Strategy<Value = Value> {
    condition(samples).prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| json!({ "and": parts })),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| json!({ "or": parts })),
            inner.prop_map(|inner| json!({ "not": inner })),
        ]
    })
}

fn sort(samples: &'static [Sample]) -> BoxedStrategy<String> {
    // Lists do not sort by columns of embedded rows.
    let sorted: Vec<Sample> = samples.iter().filter(|sample| !sample.name.contains('.')).cloned().collect();
    if sorted.is_empty() {
        return Just(String::new()).boxed();
    }
    let key = (prop::sample::select(sorted), any::<bool>());
    let key =
        key.prop_map(|(sample, descending)| format!("{}{}", if descending { "-" } else { "" }, sample.name));
    prop::collection::vec(key, 0..4).prop_map(|keys| keys.join(",")).boxed()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}
