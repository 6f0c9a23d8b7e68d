//! The replica of a client in changes mode: snapshots and changes, applied in order.
//!
//! Messages are parsed strictly: an unknown shape is a fault, and so is a row that is older than the present one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{Client, client::COLLECTIONS};

/// Rows by collection and key, and the cursor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReplicaModel {
    /// The columns of each collection's key.
    keys: BTreeMap<String, Vec<String>>,
    collections: BTreeMap<String, BTreeMap<RowKey, Value>>,
    /// Withheld collections.
    withheld: BTreeSet<String>,
    cursor: Option<String>,
    fault: Option<String>,
    /// The received parts of an incomplete snapshot.
    pending: Option<PendingParts>,
}

/// The key of a row: one value, or those of several columns in the order of the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RowKey {
    Number(i64),
    Text(String),
    Columns(Vec<RowKey>),
}

impl RowKey {
    fn of_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Number(number) => {
                number.as_i64().map(Self::Number).ok_or_else(|| format!("{number} in a key"))
            }
            Value::String(text) => Ok(Self::Text(text.clone())),
            other => Err(format!("{other} in a key")),
        }
    }

    /// The key of a row, or of an object of the key's columns alone.
    fn of_row(row: &Value, columns: &[String]) -> Result<Self, String> {
        match columns {
            [column] => Self::of_value(&row[column]),
            columns => columns
                .iter()
                .map(|column| Self::of_value(&row[column]))
                .collect::<Result<_, _>>()
                .map(Self::Columns),
        }
    }

    fn of_deleted(deleted: &Value, columns: &[String]) -> Result<Self, String> {
        match (columns, deleted) {
            ([_], bare) => Self::of_value(bare),
            (columns, Value::Object(object)) if object.len() == columns.len() => {
                Self::of_row(deleted, columns)
            }
            (_, other) => Err(format!("{other} as a key of several columns")),
        }
    }
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
    deleted: Vec<Value>,
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

/// The planner's collections.
impl Default for ReplicaModel {
    fn default() -> Self {
        Self::of(&COLLECTIONS.map(|collection| (collection, &["id"][..])))
    }
}

impl ReplicaModel {
    /// An empty replica of these collections, with the columns of their keys.
    pub(crate) fn of(keys: &[(&str, &[&str])]) -> Self {
        let columns = |columns: &[&str]| columns.iter().map(|&column| column.to_owned()).collect();
        Self {
            keys: keys.iter().map(|(name, key)| ((*name).to_owned(), columns(key))).collect(),
            collections: BTreeMap::new(),
            withheld: BTreeSet::new(),
            cursor: None,
            fault: None,
            pending: None,
        }
    }

    /// The same with one more collection.
    pub(crate) fn and(mut self, name: &str, key: &[&str]) -> Self {
        self.keys.insert(name.to_owned(), key.iter().map(|&column| column.to_owned()).collect());
        self
    }

    /// The same with rows of a collection by other columns.
    pub(crate) fn rekeyed(mut self, name: &str, key: &[&str]) -> Self {
        let rows = self.rows(name);
        self = self.and(name, key);
        let columns = &self.keys[name];
        let keyed =
            rows.into_iter().filter_map(|row| Some((RowKey::of_row(&row, columns).ok()?, row))).collect();
        self.collections.insert(name.to_owned(), keyed);
        self
    }

    /// The names of the collections.
    pub(crate) fn names(&self) -> Vec<String> {
        self.keys.keys().cloned().collect()
    }

    /// An empty replica with a cursor.
    pub(crate) fn at(cursor: impl Into<String>) -> Self {
        Self { cursor: Some(cursor.into()), ..Self::default() }
    }

    pub(crate) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The rows of a collection in order of their keys.
    pub(crate) fn rows(&self, collection: &str) -> Vec<Value> {
        self.collections.get(collection).into_iter().flat_map(BTreeMap::values).cloned().collect()
    }

    pub(crate) fn is_withheld(&self, collection: &str) -> bool {
        self.withheld.contains(collection)
    }

    pub(crate) fn has(&self, collection: &str, row: &Value) -> bool {
        let key = self.keys.get(collection).and_then(|columns| RowKey::of_row(row, columns).ok());
        key.and_then(|key| self.collections.get(collection)?.get(&key)) == Some(row)
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
            event if self.keys.contains_key(event) => self.replace(event, arguments),
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
            let columns = self.keys.get(&name).ok_or_else(|| format!("the unknown collection {name}"))?;
            let keys: Vec<RowKey> =
                upserted.iter().map(|row| RowKey::of_row(row, columns)).collect::<Result<_, _>>()?;
            let deleted: Vec<RowKey> =
                deleted.iter().map(|key| RowKey::of_deleted(key, columns)).collect::<Result<_, _>>()?;
            let rows = self.collections.entry(name.clone()).or_default();
            // Keys of other types have an order of their own.
            let is_ordered = !keys.iter().all(|key| matches!(key, RowKey::Number(_)))
                || keys.is_sorted_by(|one, other| one < other);
            let distinct: BTreeSet<&RowKey> = keys.iter().chain(&deleted).collect();
            if !is_ordered || distinct.len() < keys.len() + deleted.len() {
                return Err("not each row once, in order".into());
            }
            if self.withheld.contains(&name) {
                return Err(format!("something of {name}, which is withheld"));
            }
            if upserted.is_empty() && deleted.is_empty() {
                return Err("a collection of which nothing changed".into());
            }
            for (key, row) in keys.into_iter().zip(upserted) {
                keep(rows, key, row)?;
            }
            rows.retain(|key, _| !deleted.contains(key));
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
        let columns =
            self.keys.get(collection).ok_or_else(|| format!("the unknown collection {collection}"))?;
        let keys: Vec<RowKey> =
            all.iter().map(|row| RowKey::of_row(row, columns)).collect::<Result<_, _>>()?;
        let rows = self.collections.entry(collection.to_owned()).or_default();
        let present: BTreeSet<&RowKey> = keys.iter().collect();
        if present.len() < keys.len() {
            return Err("a row more than once".into());
        }
        rows.retain(|key, _| present.contains(key));
        keys.iter().zip(all).try_for_each(|(key, row)| keep(rows, key.clone(), row.clone()))?;
        self.cursor = Some(at.cursor);
        Ok(())
    }
}

fn keep(rows: &mut BTreeMap<RowKey, Value>, key: RowKey, row: Value) -> Result<(), String> {
    let version = |row: &Value| row["version"].as_i64();
    match rows.insert(key, row.clone()) {
        Some(before) if version(&before) > version(&row) => Err(format!("{row} is older than {before}")),
        _ => Ok(()),
    }
}

impl Client {
    /// Waits until the replica equals what the server lists now.
    pub(crate) async fn assert_in_sync(&self) {
        for collection in self.replica().names() {
            let rows = self.list_all(&collection).await;
            self.wait_for_replica(&format!("{collection} as listed"), |replica| {
                replica.rows(&collection).len() == rows.len()
                    && rows.iter().all(|row| replica.has(&collection, row))
            })
            .await;
        }
    }
}
