//! The replica of a client in changes mode: snapshots and changes, applied in order.
//!
//! Messages are parsed strictly: an unknown shape is a fault, and so is a row that is older than the present one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Client, client::COLLECTIONS};

/// Rows by collection and id, and the cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ReplicaModel {
    collections: BTreeMap<String, BTreeMap<i64, Value>>,
    /// Withheld collections.
    withheld: BTreeSet<String>,
    cursor: Option<String>,
    fault: Option<String>,
    /// The received parts of an incomplete snapshot.
    pending: Option<PendingParts>,
}

/// Parts in their order.
#[derive(Clone, Debug, Default, PartialEq)]
struct PendingParts {
    parts: usize,
    rows: Vec<(String, Vec<Value>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    n: usize,
    of: usize,
    collection: String,
    rows: Vec<Value>,
    cursor: Option<String>,
    #[serde(default)]
    withheld: Vec<Value>,
}

#[derive(Deserialize)]
struct Changes {
    cursor: String,
    #[serde(flatten)]
    collections: BTreeMap<String, Changed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    upserted: Vec<Value>,
    deleted: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withheld {
    collection: String,
    limit: u64,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    cursor: String,
}

impl ReplicaModel {
    /// An empty replica with a cursor.
    pub(crate) fn at(cursor: impl Into<String>) -> Self {
        Self { cursor: Some(cursor.into()), ..Self::default() }
    }

    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The rows of a collection in order of id.
    pub(crate) fn rows(&self, collection: &str) -> Vec<Value> {
        self.collections.get(collection).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    pub(crate) fn is_withheld(&self, collection: &str) -> bool {
        self.withheld.contains(collection)
    }

    pub(crate) fn has(&self, collection: &str, row: &Value) -> bool {
        self.collections.get(collection).and_then(|rows| rows.get(&id(row))) == Some(row)
    }

    /// The replica after the connection is lost.
    pub(crate) fn without_incomplete_parts(self) -> Self {
        Self { pending: None, ..self }
    }

    /// The replica; panics if a received message was invalid.
    #[track_caller]
    pub(super) fn checked(&self) -> &Self {
        assert!(self.fault.is_none(), "{}", self.fault.as_deref().unwrap_or_default());
        self
    }

    pub(crate) fn apply(&mut self, event: &str, arguments: &[Value]) {
        let read = match event {
            "changes" => self.change(arguments),
            "part" => self.part(arguments),
            "withheld" => self.withhold(arguments),
            event if COLLECTIONS.contains(&event) => self.replace(event, arguments),
            _ => Ok(()),
        };
        if let Err(fault) = read {
            let said: String = Value::from(arguments).to_string().chars().take(500).collect();
            self.fault.get_or_insert(format!("{fault} in {event} {said}"));
        }
    }

    fn change(&mut self, arguments: &[Value]) -> Result<(), String> {
        if self.pending.is_some() {
            return Err("between two parts".into());
        }
        let [changes] = arguments else { return Err("not one argument".into()) };
        let changes = Changes::deserialize(changes).map_err(|error| error.to_string())?;
        for (name, Changed { upserted, deleted }) in changes.collections {
            let rows = self.collections.entry(name.clone()).or_default();
            let ids: Vec<i64> = upserted.iter().map(id).collect();
            if !ids.is_sorted_by(|one, other| one < other) || deleted.iter().any(|id| ids.contains(id)) {
                return Err("not each row once, in order".into());
            }
            if self.withheld.contains(&name) {
                return Err(format!("something of {name}, which is withheld"));
            }
            if upserted.is_empty() && deleted.is_empty() {
                return Err("a collection of which nothing changed".into());
            }
            for row in upserted {
                keep(rows, row)?;
            }
            rows.retain(|id, _| !deleted.contains(id));
        }
        self.cursor = Some(changes.cursor);
        Ok(())
    }

    fn part(&mut self, arguments: &[Value]) -> Result<(), String> {
        let [part] = arguments else { return Err("not one argument".into()) };
        let Part { n, of, collection, rows, cursor, withheld } =
            Part::deserialize(part).map_err(|error| error.to_string())?;
        let mut pending = self.pending.take().filter(|_| n > 1).unwrap_or_default();
        if n != pending.parts + 1
            || n > of
            || (n == of) != cursor.is_some()
            || (n < of && !withheld.is_empty())
        {
            return Err("not a part in its place".into());
        }
        let size: usize = rows.iter().map(|row| row.to_string().len()).sum();
        if size > 64 * 1024 && rows.len() > 1 {
            return Err(format!("{size} bytes in a part"));
        }
        pending.parts = n;
        pending.rows.push((collection, rows));
        let Some(cursor) = cursor else {
            self.pending = Some(pending);
            return Ok(());
        };
        let mut all = BTreeMap::<String, Vec<Value>>::new();
        for (collection, rows) in pending.rows {
            all.entry(collection).or_default().extend(rows);
        }
        for (collection, rows) in all {
            let at = serde_json::json!({ "cursor": cursor });
            self.replace(&collection, &[rows.into(), at])?;
        }
        withheld.into_iter().try_for_each(|what| self.withhold(&[what]))
    }

    fn withhold(&mut self, arguments: &[Value]) -> Result<(), String> {
        let [what] = arguments else { return Err("not one argument".into()) };
        let Withheld { collection, limit, reason } =
            Withheld::deserialize(what).map_err(|error| error.to_string())?;
        if limit == 0 || !reason.contains(&format!("list_{collection}")) {
            return Err("not what to do instead".into());
        }
        self.collections.remove(&collection);
        self.withheld.insert(collection);
        Ok(())
    }

    fn replace(&mut self, collection: &str, arguments: &[Value]) -> Result<(), String> {
        if self.pending.is_some() {
            return Err("between two parts".into());
        }
        let [Value::Array(all), at] = arguments else { return Err("not rows and a cursor".into()) };
        let at = At::deserialize(at).map_err(|error| error.to_string())?;
        self.withheld.remove(collection);
        let rows = self.collections.entry(collection.to_owned()).or_default();
        let ids: Vec<i64> = all.iter().map(id).collect();
        rows.retain(|id, _| ids.contains(id));
        all.iter().try_for_each(|row| keep(rows, row.clone()))?;
        self.cursor = Some(at.cursor);
        Ok(())
    }
}

fn keep(rows: &mut BTreeMap<i64, Value>, row: Value) -> Result<(), String> {
    let version = |row: &Value| row["version"].as_i64();
    match rows.insert(id(&row), row.clone()) {
        Some(before) if version(&before) > version(&row) => Err(format!("{row} is older than {before}")),
        _ => Ok(()),
    }
}

fn id(row: &Value) -> i64 {
    row["id"].as_i64().expect("a row's id")
}

impl Client {
    /// Waits until the replica equals what the server lists now.
    pub(crate) async fn assert_in_sync(&self) {
        for collection in COLLECTIONS {
            let rows = self.list_all(collection).await;
            self.wait_for_replica(&format!("{collection} as listed"), |replica| {
                replica.rows(collection) == rows
            })
            .await;
        }
    }
}
